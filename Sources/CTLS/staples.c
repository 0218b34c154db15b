#include "internal.h"
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdio.h>
#include <string.h>

// OCSP responses (RFC 6960), as they are stapled to handshakes.

/// What a response says of a certificate; null when it says nothing.
static OCSP_SINGLERESP *statement(OCSP_BASICRESP *response, X509 *certificate, X509 *issuer) {
    for (int i = 0; i < OCSP_resp_count(response); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(response, i);
        const OCSP_CERTID *found = OCSP_SINGLERESP_get0_id(single);
        // Each may name its certificate by a hash of another kind.
        ASN1_OBJECT *algorithm = NULL;
        OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, (OCSP_CERTID *)found);
        const EVP_MD *digest = algorithm ? EVP_get_digestbyobj(algorithm) : NULL;
        OCSP_CERTID *expected = digest ? OCSP_cert_to_id(digest, certificate, issuer) : NULL;
        bool is_same = expected && OCSP_id_cmp(expected, found) == 0;
        OCSP_CERTID_free(expected);
        if (is_same) return single;
    }
    return NULL;
}

/// How much the clocks of two machines may differ.
enum { clock_difference = 300 };

bool ctls_staple_permits(SSL *ssl, const uint8_t *bytes, long length) {
    bool permits = true;
    const uint8_t *end = bytes;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, length);
    OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    if (!basic || !chain || sk_X509_num(chain) < 1) goto done;
    X509 *certificate = sk_X509_value(chain, 0);
    X509 *issuer = sk_X509_value(chain, sk_X509_num(chain) > 1 ? 1 : 0);
    // What nobody who may has signed says nothing.
    X509_STORE *trusted = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
    if (OCSP_basic_verify(basic, chain, trusted, OCSP_PARTIAL_CHAIN) <= 0) goto done;
    OCSP_SINGLERESP *single = statement(basic, certificate, issuer);
    permits = !single || OCSP_single_get0_status(single, NULL, NULL, NULL, NULL) != V_OCSP_CERTSTATUS_REVOKED;
done:
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    return permits;
}

static int64_t check(OCSP_RESPONSE *response, X509 *certificate, X509 *issuer, char *error, size_t capacity) {
    if (!response) {
        snprintf(error, capacity, "it is no OCSP response");
        return 0;
    }
    int status = OCSP_response_status(response);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        snprintf(error, capacity, "the responder has refused: %s", OCSP_response_status_str(status));
        return 0;
    }
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_SINGLERESP *single = basic ? statement(basic, certificate, issuer) : NULL;
    int64_t until = 0;
    if (!single) {
        snprintf(error, capacity, "it is not about this certificate");
        goto done;
    }
    ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
    OCSP_single_get0_status(single, NULL, NULL, &this_update, &next_update);
    if (!OCSP_check_validity(this_update, next_update, clock_difference, -1)) {
        snprintf(error, capacity, "it is not valid now: ask the responder for a new one");
        goto done;
    }
    struct tm parts;
    // Without a time for the next one, a newer one is always there: a day is what responders take.
    until = next_update && ASN1_TIME_to_tm(next_update, &parts) ? timegm(&parts) : (int64_t)time(NULL) + 86400;
done:
    OCSP_BASICRESP_free(basic);
    return until;
}

int64_t ctls_staple_check(
    const uint8_t *response, size_t response_length, const uint8_t *certificate, size_t certificate_length,
    const uint8_t *issuer, size_t issuer_length, char *error, size_t capacity
) {
    ERR_clear_error();
    const uint8_t *end = response;
    OCSP_RESPONSE *parsed = d2i_OCSP_RESPONSE(NULL, &end, (long)response_length);
    X509 *leaf = ctls_x509(certificate, certificate_length);
    X509 *above = issuer ? ctls_x509(issuer, issuer_length) : leaf;
    int64_t until = leaf && above ? check(parsed, leaf, above, error, capacity) : 0;
    if (above != leaf) X509_free(above);
    X509_free(leaf);
    OCSP_RESPONSE_free(parsed);
    ERR_clear_error();
    return until;
}
