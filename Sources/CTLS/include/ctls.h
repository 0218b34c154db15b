// What Swift cannot import of OpenSSL: macros, stacks, callbacks. Nothing here makes a system call on a socket: an
// engine takes what was received and gives what is to be sent.
#pragma once
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

// --- what is wrong -------------------------------------------------------------------------------------------------

/// Kinds of failures, in the order of `TLSError.Code`'s names.
enum ctls_code {
    CTLS_NONE,
    CTLS_EXPIRED,
    CTLS_NOT_YET_VALID,
    CTLS_WRONG_HOST,
    CTLS_SELF_SIGNED,
    CTLS_UNKNOWN_AUTHORITY,
    CTLS_REVOKED,
    CTLS_PIN_MISMATCH,
    CTLS_INVALID_CERTIFICATE,
    CTLS_CERTIFICATE_REQUIRED,
    CTLS_PROTOCOL_VERSION,
    CTLS_APPLICATION_PROTOCOL,
    CTLS_UNRECOGNIZED_NAME,
    CTLS_HANDSHAKE_FAILED,
    CTLS_PROTOCOL_VIOLATION,
    CTLS_TRUNCATED,
};

struct ctls_failure {
    enum ctls_code code;
    int alert;            ///< that the peer has sent; -1: none
    char text[256];       ///< what happened, in words
};

/// The words for an alert (RFC 8446 §6.2), `handshake failure`.
const char *ctls_alert_text(int alert);
/// The oldest error of OpenSSL's queue in words, and empties the queue.
void ctls_take_error(char *text, size_t capacity);

// --- session tickets -----------------------------------------------------------------------------------------------

#define CTLS_TICKET_KEYS 8

struct ctls_ticket_key {
    uint8_t name[16], encryption[32], authentication[32];
};
struct ctls_ticket_keys {
    size_t count;
    struct ctls_ticket_key keys[CTLS_TICKET_KEYS];   ///< newest first
};

// --- contexts ------------------------------------------------------------------------------------------------------

/// A certificate with its chain and key, in DER.
struct ctls_identity {
    const uint8_t *const *certificates;
    const size_t *lengths;
    size_t count;
    const char *key;          ///< PEM
    size_t key_length;
    const uint8_t *staple;    ///< null: none
    size_t staple_length;
};

/// Whose word counts.
struct ctls_trust {
    bool verifies;                  ///< false: nobody is asked for a certificate, or none is looked at
    bool anyone;                    ///< whatever certificate is shown will do
    bool chain;                     ///< whether a chain to an anchor is needed, or the pins alone decide
    bool system;
    const uint8_t *const *roots;    ///< DER
    const size_t *lengths;
    size_t count;
    const uint8_t *pins;            ///< 32 bytes each
    size_t pin_count;
};

struct ctls_options {
    int minimum, maximum;           ///< 0x0303 …
    const char *cipher_suites;      ///< of TLS 1.2
    const uint8_t *protocols;       ///< ALPN, as on the wire
    size_t protocols_length;
    bool requires_certificate;      ///< of a server: from whom it asks for one
    const struct ctls_ticket_keys *ticket_keys;   ///< of a server; null: no sessions. Outlives the context
    long session_lifetime;          ///< seconds
    bool refuses_unknown_names;
    bool keeps_sessions;            ///< of a client
};

struct ctls_context;
/// A context without identities; null and the reason in `error`.
struct ctls_context *ctls_context_new(
    bool is_server, const struct ctls_options *options, const struct ctls_trust *trust, char *error, size_t capacity);
void ctls_context_free(struct ctls_context *context);
/// Has a context that trusts the system's authorities trust those that there are now; whether they have changed.
bool ctls_context_renew_trust(struct ctls_context *context);
/// Adds an identity to one of the groups that names choose between; groups are numbered from 0, in order.
bool ctls_context_add_identity(
    struct ctls_context *context, size_t group, const struct ctls_identity *identity, char *error, size_t capacity);
/// Has a name in lower case, which may begin with `*.`, choose a group. To be called in the order of strcmp.
bool ctls_context_add_name(struct ctls_context *context, const char *name, size_t group);

// --- connections ---------------------------------------------------------------------------------------------------

enum ctls_status {
    CTLS_DONE,          ///< as much as there was room for
    CTLS_WANTS_INPUT,
    CTLS_CLOSED,        ///< the peer has said that this is the end
    CTLS_FAILED,
};

struct ctls_engine;
/// A connection's state. `host` is whom a client wants to reach, a name or an address; null for a server.
struct ctls_engine *ctls_engine_new(struct ctls_context *context, const char *host);
void ctls_engine_free(struct ctls_engine *engine);

/// Bytes that were received. They stay the caller's, who calls `ctls_engine_keep` before they go away.
void ctls_engine_feed(struct ctls_engine *engine, const void *bytes, size_t count);
/// Copies what has not been taken of them.
bool ctls_engine_keep(struct ctls_engine *engine);
/// The peer sends nothing more.
void ctls_engine_feed_end(struct ctls_engine *engine);
/// Bytes that were fed and not taken yet.
size_t ctls_engine_unread(const struct ctls_engine *engine);

/// What is to be sent.
const void *ctls_engine_output(const struct ctls_engine *engine, size_t *count);
/// So much of it has been.
void ctls_engine_sent(struct ctls_engine *engine, size_t count);

enum ctls_status ctls_engine_handshake(struct ctls_engine *engine);
enum ctls_status ctls_engine_read(struct ctls_engine *engine, void *buffer, size_t capacity, size_t *count);
enum ctls_status ctls_engine_write(struct ctls_engine *engine, const void *bytes, size_t length, size_t *count);
/// Says that nothing more is written.
void ctls_engine_finish(struct ctls_engine *engine);
/// Whether the handshake is done.
bool ctls_engine_is_established(const struct ctls_engine *engine);
const struct ctls_failure *ctls_engine_failure(const struct ctls_engine *engine);
/// Asks the peer for new keys and takes some (TLS 1.3); for tests.
bool ctls_engine_update_keys(struct ctls_engine *engine);

int ctls_engine_version(const struct ctls_engine *engine);
const char *ctls_engine_cipher_suite(const struct ctls_engine *engine);
const char *ctls_engine_server_name(const struct ctls_engine *engine);
const uint8_t *ctls_engine_protocol(const struct ctls_engine *engine, unsigned *length);
bool ctls_engine_is_resumed(const struct ctls_engine *engine);
/// The peer's certificates in DER, its own first: how many there are.
size_t ctls_engine_certificate_count(const struct ctls_engine *engine);
/// One of them; to be freed with `ctls_free`. The length, 0 when there is none.
size_t ctls_engine_certificate(const struct ctls_engine *engine, size_t index, uint8_t **der);

/// Has a client go on from a session.
void ctls_engine_resume(struct ctls_engine *engine, SSL_SESSION *session);
/// A session that the server has offered since the last call, which is the caller's; null when there is none.
SSL_SESSION *ctls_engine_take_session(struct ctls_engine *engine);
bool ctls_session_is_single_use(const SSL_SESSION *session);
bool ctls_session_is_usable(const SSL_SESSION *session);

// --- certificates --------------------------------------------------------------------------------------------------

struct ctls_certificate {
    char *subject, *issuer, *serial, *key;
    char *names;             ///< one in a line
    int64_t not_before, not_after;
    uint8_t fingerprint[32], pin[32];
};
/// Reads a certificate; false when it is none. `ctls_certificate_free` frees what was found.
bool ctls_certificate_read(const uint8_t *der, size_t length, struct ctls_certificate *certificate);
void ctls_certificate_free(struct ctls_certificate *certificate);
bool ctls_certificate_is_for(const uint8_t *der, size_t length, const char *host);

/// The next PEM block from `*offset` on, which is moved behind it: its label and bytes, to be freed with `ctls_free`.
/// 1: found, 0: there is none, -1: one is broken.
int ctls_pem_next(const char *text, size_t length, size_t *offset, char **label, uint8_t **der, size_t *der_length);
/// A certificate in PEM, to be freed with `ctls_free`.
char *ctls_pem(const char *label, const uint8_t *der, size_t length);
/// Reads a private key in PEM and writes it anew as PKCS #8 without password. Null: what is wrong is in `error`.
char *ctls_key_read(const char *pem, size_t length, const char *password, char *error, size_t capacity);
bool ctls_key_fits(const char *pem, const uint8_t *certificate, size_t length);
/// A certificate to be made.
struct ctls_request {
    const char *common_name;
    const char *names;        ///< DNS names and addresses, one in a line
    int64_t begins, ends;     ///< seconds from now
    bool is_authority, is_rsa;
    const uint8_t *issuer;    ///< DER; null: it vouches for itself
    size_t issuer_length;
    const char *issuer_key;   ///< PEM
};
/// Makes a key and a certificate for it, in PEM, both to be freed with `ctls_free`.
bool ctls_issue(const struct ctls_request *request, char **certificate, char **key, char *error, size_t capacity);

/// Checks an OCSP response for a certificate, whose issuer's may be null: seconds since 1970 until when it holds, or 0
/// and what is wrong.
int64_t ctls_staple_check(
    const uint8_t *response, size_t response_length, const uint8_t *certificate, size_t certificate_length,
    const uint8_t *issuer, size_t issuer_length, char *error, size_t capacity);

size_t ctls_base64(const uint8_t *bytes, size_t count, char *text);
long ctls_base64_decode(const char *text, size_t length, uint8_t *bytes);
void ctls_sha256(const void *bytes, size_t count, uint8_t digest[32]);
bool ctls_random(void *bytes, size_t count);
void ctls_free(void *memory);
