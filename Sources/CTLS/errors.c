#include "internal.h"
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

void ctls_take_error(char *text, size_t capacity) {
    unsigned long error = ERR_get_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    snprintf(text, capacity, "%s", reason ? reason : "unknown error");
    ERR_clear_error();
}

const char *ctls_alert_text(int alert) {
    const char *text = SSL_alert_desc_string_long(alert);
    return strcmp(text, "unknown") ? text : "an unknown alert";
}

/// What is wrong with the peer's certificate.
static enum ctls_code certificate_code(int error) {
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return CTLS_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return CTLS_NOT_YET_VALID;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return CTLS_WRONG_HOST;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return CTLS_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return CTLS_UNKNOWN_AUTHORITY;
    case X509_V_ERR_CERT_REVOKED: return CTLS_REVOKED;
    default: return CTLS_INVALID_CERTIFICATE;
    }
}

/// What an alert of the peer's says about this side.
static enum ctls_code alert_code(int alert) {
    switch (alert) {
    case SSL_AD_PROTOCOL_VERSION: return CTLS_PROTOCOL_VERSION;
    case SSL_AD_NO_APPLICATION_PROTOCOL: return CTLS_APPLICATION_PROTOCOL;
    case SSL_AD_UNRECOGNIZED_NAME: return CTLS_UNRECOGNIZED_NAME;
    case SSL_AD_CERTIFICATE_REQUIRED: return CTLS_CERTIFICATE_REQUIRED;
    default: return CTLS_HANDSHAKE_FAILED;
    }
}

static enum ctls_code reason_code(int reason, bool is_established) {
    switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return CTLS_TRUNCATED;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return CTLS_CERTIFICATE_REQUIRED;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return CTLS_PROTOCOL_VERSION;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG: return CTLS_PROTOCOL_VIOLATION;
    case SSL_R_NO_APPLICATION_PROTOCOL: return CTLS_APPLICATION_PROTOCOL;
    default: return is_established ? CTLS_PROTOCOL_VIOLATION : CTLS_HANDSHAKE_FAILED;
    }
}

void ctls_fail(struct ctls_engine *engine, enum ctls_code code, const char *text) {
    engine->failure.code = code;
    snprintf(engine->failure.text, sizeof engine->failure.text, "%s", text);
}

void ctls_classify(struct ctls_engine *engine) {
    struct ctls_failure *failure = &engine->failure;
    if (failure->code) return;
    unsigned long error = ERR_get_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *words = error ? ERR_reason_error_string(error) : NULL;
    if (engine->is_revoked) {
        failure->code = CTLS_REVOKED;
        snprintf(failure->text, sizeof failure->text, "its certificate is revoked, as the stapled OCSP response says");
    } else if (engine->pins_failed) {
        failure->code = CTLS_PIN_MISMATCH;
        snprintf(failure->text, sizeof failure->text, "none of the pinned keys is its own or one that vouches for it");
    } else if (engine->certificate_error != X509_V_OK && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        failure->code = certificate_code(engine->certificate_error);
        snprintf(
            failure->text, sizeof failure->text, "%s (%s)", X509_verify_cert_error_string(engine->certificate_error),
            engine->certificate_text);
    } else if (reason >= SSL_AD_REASON_OFFSET) {
        failure->alert = reason - SSL_AD_REASON_OFFSET;
        failure->code = alert_code(failure->alert);
        snprintf(
            failure->text, sizeof failure->text, "it has sent the alert \"%s\" (%d)", ctls_alert_text(failure->alert),
            failure->alert);
    } else if (!error && engine->has_ended) {
        failure->code = CTLS_TRUNCATED;
    } else {
        failure->code = reason_code(reason, engine->is_established);
        snprintf(failure->text, sizeof failure->text, "%s", words ? words : "unknown error");
    }
    if (failure->code == CTLS_TRUNCATED) {
        const char *when = engine->is_established ? "ended without TLS's own end: something may be missing"
                                                  : "ended within the handshake";
        snprintf(failure->text, sizeof failure->text, "%s", when);
    }
    ERR_clear_error();
}
