#include "internal.h"
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

// An engine has memory on both of its sides. What was received lies in the caller's buffer while it is read, and is
// copied only when something is left. What is to be sent is put into a buffer that all engines share, which is the
// engine's for as long as not all of it has been sent; an idle engine has neither.

// What OpenSSL does not bound: messages after the handshake with no data between them. As many as BoringSSL takes.
enum { buffer_size = 80 << 10, most_output = 512 << 10, most_messages = 32 };

static uint8_t *spare;

static bool make_room(struct ctls_engine *engine, size_t count) {
    if (engine->output_end + count <= engine->output_capacity) return true;
    size_t pending = engine->output_end - engine->output_start;
    // A peer that has us answer and reads nothing: this is no buffer for it.
    if (pending + count > most_output) return false;
    if (engine->output && pending + count <= engine->output_capacity) {
        memmove(engine->output, engine->output + engine->output_start, pending);
    } else {
        size_t capacity = buffer_size;
        while (capacity < pending + count) capacity *= 2;
        uint8_t *memory = capacity == buffer_size && spare ? spare : malloc(capacity);
        if (!memory) return false;
        if (memory == spare) spare = NULL;
        if (pending) memcpy(memory, engine->output + engine->output_start, pending);
        free(engine->output);
        engine->output = memory;
        engine->output_capacity = capacity;
    }
    engine->output_start = 0;
    engine->output_end = pending;
    return true;
}

static int bio_write(BIO *bio, const char *bytes, size_t count, size_t *written) {
    struct ctls_engine *engine = BIO_get_data(bio);
    *written = 0;
    if (!make_room(engine, count)) return 0;
    memcpy(engine->output + engine->output_end, bytes, count);
    engine->output_end += count;
    *written = count;
    return 1;
}

static int bio_read(BIO *bio, char *buffer, size_t capacity, size_t *read) {
    struct ctls_engine *engine = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *read = engine->input_count < capacity ? engine->input_count : capacity;
    if (*read == 0) {
        if (!engine->has_ended) BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(buffer, engine->input, *read);
    engine->input += *read;
    engine->input_count -= *read;
    if (engine->input_count == 0 && engine->kept) {
        free(engine->kept);
        engine->kept = NULL;
    }
    return 1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)number, (void)pointer;
    struct ctls_engine *engine = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return engine->has_ended && engine->input_count == 0;
    case BIO_CTRL_PENDING: return (long)engine->input_count;
    default: return 0;
    }
}

BIO_METHOD *ctls_bio_method(void) {
    static BIO_METHOD *method;
    if (!method) {
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "martlet");
        if (!method) return NULL;
        BIO_meth_set_write_ex(method, bio_write);
        BIO_meth_set_read_ex(method, bio_read);
        BIO_meth_set_ctrl(method, bio_control);
    }
    return method;
}

// --- making --------------------------------------------------------------------------------------------------------

static bool expect_host(SSL *ssl, const char *host) {
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host)) return true;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(parameters, ctls_host_rules);
    // A name that begins with a point would stand for all that end with it.
    if (host[0] == '.') return false;
    // An address is not to be sent as a name (RFC 6066 §3).
    return X509_VERIFY_PARAM_set1_host(parameters, host, 0) && SSL_set_tlsext_host_name(ssl, host);
}

struct ctls_engine *ctls_engine_new(struct ctls_context *context, const char *host) {
    struct ctls_engine *engine = calloc(1, sizeof *engine);
    BIO *bio = NULL;
    if (!engine) return NULL;
    ERR_clear_error();
    engine->failure.alert = -1;
    engine->is_server = context->is_server;
    engine->keeps_sessions = context->keeps_sessions;
    engine->ssl = context->group_count > 0 ? SSL_new(context->groups[0]) : NULL;
    if (!engine->ssl || !(bio = BIO_new(ctls_bio_method()))) goto failed;
    BIO_set_data(bio, engine);
    BIO_set_init(bio, 1);
    SSL_set_bio(engine->ssl, bio, bio);
    SSL_set_app_data(engine->ssl, engine);
    if (context->is_server) {
        SSL_set_accept_state(engine->ssl);
    } else {
        if (host && !expect_host(engine->ssl, host)) goto failed;
        if (context->verifies && !SSL_set_tlsext_status_type(engine->ssl, TLSEXT_STATUSTYPE_ocsp)) goto failed;
        SSL_set_connect_state(engine->ssl);
    }
    return engine;
failed:
    ctls_engine_free(engine);
    return NULL;
}

void ctls_engine_free(struct ctls_engine *engine) {
    if (!engine) return;
    SSL_free(engine->ssl);
    SSL_SESSION_free(engine->session);
    free(engine->kept);
    free(engine->output);
    free(engine);
}

// --- what comes in -------------------------------------------------------------------------------------------------

void ctls_engine_feed(struct ctls_engine *engine, const void *bytes, size_t count) {
    engine->input = bytes;
    engine->input_count = count;
}

bool ctls_engine_keep(struct ctls_engine *engine) {
    if (engine->input_count == 0 || engine->kept) return true;
    engine->kept = malloc(engine->input_count);
    if (!engine->kept) {
        engine->input_count = 0;
        return false;
    }
    memcpy(engine->kept, engine->input, engine->input_count);
    engine->input = engine->kept;
    return true;
}

void ctls_engine_feed_end(struct ctls_engine *engine) { engine->has_ended = true; }

size_t ctls_engine_unread(const struct ctls_engine *engine) { return engine->input_count; }

// --- what goes out -------------------------------------------------------------------------------------------------

const void *ctls_engine_output(const struct ctls_engine *engine, size_t *count) {
    *count = engine->output_end - engine->output_start;
    return engine->output + engine->output_start;
}

void ctls_engine_sent(struct ctls_engine *engine, size_t count) {
    engine->output_start += count;
    if (engine->output_start < engine->output_end) return;
    if (!spare && engine->output_capacity == buffer_size) {
        spare = engine->output;
    } else {
        free(engine->output);
    }
    engine->output = NULL;
    engine->output_start = engine->output_end = engine->output_capacity = 0;
}

// --- the engine ----------------------------------------------------------------------------------------------------

/// What a call of OpenSSL that did not succeed means.
static enum ctls_status status(struct ctls_engine *engine, int result) {
    switch (SSL_get_error(engine->ssl, result)) {
    case SSL_ERROR_WANT_READ: return CTLS_WANTS_INPUT;
    case SSL_ERROR_ZERO_RETURN: return CTLS_CLOSED;
    default:
        ctls_classify(engine);
        return CTLS_FAILED;
    }
}

enum ctls_status ctls_engine_handshake(struct ctls_engine *engine) {
    if (engine->is_established) return CTLS_DONE;
    if (engine->failure.code) return CTLS_FAILED;
    ERR_clear_error();
    int result = SSL_do_handshake(engine->ssl);
    if (result == 1) {
        engine->is_established = true;
        // A ticket that was renewed by TLS 1.2 is not reported.
        if (engine->keeps_sessions && SSL_session_reused(engine->ssl) && SSL_version(engine->ssl) < TLS1_3_VERSION) {
            SSL_SESSION_free(engine->session);
            engine->session = SSL_get1_session(engine->ssl);
        }
        return CTLS_DONE;
    }
    enum ctls_status stopped = status(engine, result);
    if (stopped != CTLS_CLOSED) return stopped;
    ctls_fail(engine, CTLS_TRUNCATED, "ended within the handshake");
    return CTLS_FAILED;
}

/// Whether the peer sends messages and messages of TLS's own, such as new keys, and nothing that they are for: each costs
/// more to take than to send.
static bool is_flooded(struct ctls_engine *engine) {
    if (engine->messages <= most_messages) return false;
    ctls_fail(engine, CTLS_PROTOCOL_VIOLATION, "sends nothing but messages of the protocol's own");
    return true;
}

enum ctls_status ctls_engine_read(struct ctls_engine *engine, void *buffer, size_t capacity, size_t *count) {
    *count = 0;
    if (engine->failure.code) return CTLS_FAILED;
    if (!engine->is_established) {
        enum ctls_status handshake = ctls_engine_handshake(engine);
        if (handshake != CTLS_DONE) return handshake;
    }
    while (*count < capacity) {
        size_t read = 0;
        ERR_clear_error();
        int result = SSL_read_ex(engine->ssl, (uint8_t *)buffer + *count, capacity - *count, &read);
        if (is_flooded(engine)) return CTLS_FAILED;
        if (result != 1) return status(engine, result);
        engine->messages = 0;
        *count += read;
        // Without another byte there can be no other record: this saves the call that would say so.
        if (engine->input_count == 0 && !engine->has_ended && SSL_pending(engine->ssl) == 0) {
            return *count < capacity ? CTLS_WANTS_INPUT : CTLS_DONE;
        }
    }
    return CTLS_DONE;
}

enum ctls_status ctls_engine_write(struct ctls_engine *engine, const void *bytes, size_t length, size_t *count) {
    *count = 0;
    if (engine->failure.code) return CTLS_FAILED;
    if (!engine->is_established) {
        enum ctls_status handshake = ctls_engine_handshake(engine);
        if (handshake != CTLS_DONE) return handshake;
    }
    if (length == 0) return CTLS_DONE;
    ERR_clear_error();
    int result = SSL_write_ex(engine->ssl, bytes, length, count);
    return result == 1 ? CTLS_DONE : status(engine, result);
}

void ctls_engine_finish(struct ctls_engine *engine) {
    // Before the end of a handshake there is nothing to end, and after a failure its alert has said so.
    if (engine->has_finished || engine->failure.code || !engine->is_established) return;
    engine->has_finished = true;
    ERR_clear_error();
    SSL_shutdown(engine->ssl);
    ERR_clear_error();
}

bool ctls_engine_is_established(const struct ctls_engine *engine) { return engine->is_established; }
const struct ctls_failure *ctls_engine_failure(const struct ctls_engine *engine) { return &engine->failure; }

bool ctls_engine_update_keys(struct ctls_engine *engine) {
    return SSL_key_update(engine->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(engine->ssl) == 1;
}

// --- what was agreed on --------------------------------------------------------------------------------------------

int ctls_engine_version(const struct ctls_engine *engine) { return SSL_version(engine->ssl); }

const char *ctls_engine_cipher_suite(const struct ctls_engine *engine) {
    const SSL_CIPHER *cipher = SSL_get_current_cipher(engine->ssl);
    return cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
}

const char *ctls_engine_server_name(const struct ctls_engine *engine) {
    return SSL_get_servername(engine->ssl, TLSEXT_NAMETYPE_host_name);
}

const uint8_t *ctls_engine_protocol(const struct ctls_engine *engine, unsigned *length) {
    const uint8_t *name = NULL;
    SSL_get0_alpn_selected(engine->ssl, &name, length);
    return name;
}

bool ctls_engine_is_resumed(const struct ctls_engine *engine) { return SSL_session_reused(engine->ssl) == 1; }

size_t ctls_engine_certificate_count(const struct ctls_engine *engine) {
    // A server gets the client's own certificate apart from the others (man 3 SSL_get_peer_cert_chain).
    size_t count = engine->is_server && SSL_get0_peer_certificate(engine->ssl) ? 1 : 0;
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(engine->ssl);
    return count + (chain ? (size_t)sk_X509_num(chain) : 0);
}

size_t ctls_engine_certificate(const struct ctls_engine *engine, size_t index, uint8_t **der) {
    *der = NULL;
    X509 *certificate = NULL;
    if (engine->is_server && index == 0) {
        certificate = SSL_get0_peer_certificate(engine->ssl);
    } else {
        STACK_OF(X509) *chain = SSL_get_peer_cert_chain(engine->ssl);
        certificate = chain ? sk_X509_value(chain, (int)index - (engine->is_server ? 1 : 0)) : NULL;
    }
    int length = certificate ? i2d_X509(certificate, der) : 0;
    return length > 0 ? (size_t)length : 0;
}

// --- sessions ------------------------------------------------------------------------------------------------------

void ctls_engine_resume(struct ctls_engine *engine, SSL_SESSION *session) { SSL_set_session(engine->ssl, session); }

SSL_SESSION *ctls_engine_take_session(struct ctls_engine *engine) {
    SSL_SESSION *session = engine->session;
    engine->session = NULL;
    return session;
}

bool ctls_session_is_single_use(const SSL_SESSION *session) {
    return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

bool ctls_session_is_usable(const SSL_SESSION *session) {
    time_t age = time(NULL) - (time_t)SSL_SESSION_get_time(session);
    return SSL_SESSION_is_resumable(session) && age >= 0 && age < SSL_SESSION_get_timeout(session);
}
