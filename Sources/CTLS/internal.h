#pragma once
#include "ctls.h"
#include <openssl/x509v3.h>

struct ctls_name {
    char *name;
    size_t group;
};

struct ctls_staple {
    X509 *certificate;
    uint8_t *response;
    size_t length;
    int64_t until;
};

struct ctls_context {
    bool is_server, refuses_unknown_names, keeps_sessions, verifies, anyone;
    SSL_CTX **groups;
    size_t group_count;
    struct ctls_name *names;
    size_t name_count;
    struct ctls_staple *staples;
    size_t staple_count;
    uint8_t *protocols;
    size_t protocols_length;
    const struct ctls_ticket_keys *ticket_keys;
    bool chain;
    uint8_t *pins;
    size_t pin_count;
    // To make further groups alike.
    struct ctls_options options;
    char *cipher_suites;
    X509_STORE *store;
    STACK_OF(X509) *roots;    ///< null: the system's authorities alone
    STACK_OF(X509_NAME) *authorities;
    bool trusts_system;
    uint64_t trust_number;    ///< the state of the system's authorities that `store` is of
    uint8_t session_context[32];
};

struct ctls_engine {
    SSL *ssl;
    bool is_server, keeps_sessions, is_established, has_ended, has_finished, is_revoked, pins_failed;
    const uint8_t *input;
    size_t input_count;
    uint8_t *kept;            ///< where `input` lies when it is the engine's
    uint8_t *output;
    size_t output_start, output_end, output_capacity;
    SSL_SESSION *session;
    unsigned messages;        ///< of the protocol's own, since there was data
    struct ctls_failure failure;
    int certificate_error;
    char certificate_text[128];
};

/// Names are those of RFC 9525: in subjectAltName alone, with an asterisk for a whole label.
enum { ctls_host_rules = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT };

BIO_METHOD *ctls_bio_method(void);
/// Fails with a reason of our own.
void ctls_fail(struct ctls_engine *engine, enum ctls_code code, const char *text);
void ctls_classify(struct ctls_engine *engine);
/// What a stapled response says of the peer's certificate: false when it is revoked.
bool ctls_staple_permits(SSL *ssl, const uint8_t *response, long length);
EVP_PKEY *ctls_key(const char *pem, size_t length, const char *password);
X509 *ctls_x509(const uint8_t *der, size_t length);
/// Says whose word counts for a new context; false with the reason in `error`.
bool ctls_trust_set(struct ctls_context *context, const struct ctls_trust *trust, char *error, size_t capacity);
