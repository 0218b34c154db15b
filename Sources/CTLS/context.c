#include "internal.h"
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Forward secrecy and authenticated encryption only: Mozilla's intermediate recommendation without finite-field groups,
// which cost most and are what clients of this decade do without.
static const char usual_cipher_suites[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char groups[] = "X25519:P-256:P-384";

// --- names ---------------------------------------------------------------------------------------------------------

static int compare(const void *name, const void *entry) {
    return strcmp(name, ((const struct ctls_name *)entry)->name);
}

static const struct ctls_name *find(const struct ctls_context *context, const char *name) {
    if (context->name_count == 0) return NULL;
    return bsearch(name, context->names, context->name_count, sizeof *context->names, compare);
}

/// The group for a name: that of the name itself, or of the wildcard for its first label (RFC 9525 §6.3).
static const struct ctls_name *choose(const struct ctls_context *context, const char *asked) {
    char name[256];
    size_t length = strlen(asked);
    if (length > 0 && asked[length - 1] == '.') length--;
    if (length == 0 || length >= sizeof name) return NULL;
    for (size_t i = 0; i < length; i++) name[i] = asked[i] >= 'A' && asked[i] <= 'Z' ? asked[i] + 32 : asked[i];
    name[length] = 0;
    const struct ctls_name *found = name[0] == '*' ? NULL : find(context, name);
    char *dot = strchr(name, '.');
    if (found || !dot || dot == name) return found;
    dot[-1] = '*';
    return find(context, dot - 1);
}

static int name_asked(SSL *ssl, int *alert, void *argument) {
    const struct ctls_context *context = argument;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!asked) return SSL_TLSEXT_ERR_NOACK;
    const struct ctls_name *found = choose(context, asked);
    if (!found) {
        if (!context->refuses_unknown_names) return SSL_TLSEXT_ERR_NOACK;
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    if (found->group > 0 && !SSL_set_SSL_CTX(ssl, context->groups[found->group])) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

static int protocols_offered(
    SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered, unsigned count,
    void *argument
) {
    (void)ssl;
    const struct ctls_context *context = argument;
    int result = SSL_select_next_proto(
        (unsigned char **)chosen, length, context->protocols, (unsigned)context->protocols_length, offered, count);
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// --- tickets -------------------------------------------------------------------------------------------------------

static int ticket(
    SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher_state, EVP_MAC_CTX *mac_state,
    int encrypts
) {
    // Looked up once: doing that for each ticket costs as much as encrypting it.
    static EVP_CIPHER *cipher;
    if (!cipher) cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    const struct ctls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const struct ctls_ticket_keys *keys = context->ticket_keys;
    size_t index = 0;
    if (encrypts) {
        if (keys->count == 0 || RAND_bytes(iv, 16) != 1) return -1;
        memcpy(name, keys->keys[0].name, 16);
    } else {
        while (index < keys->count && memcmp(name, keys->keys[index].name, 16)) index++;
        if (index == keys->count) return 0;
    }
    const struct ctls_ticket_key *key = &keys->keys[index];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->authentication, sizeof key->authentication),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    if (!cipher || !EVP_MAC_CTX_set_params(mac_state, parameters)) return -1;
    if (!EVP_CipherInit_ex2(cipher_state, cipher, key->encryption, iv, encrypts, NULL)) return -1;
    // Clients of TLS 1.3 use each ticket once and need another one.
    return index == 0 && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
}

// Who has shown a certificate is believed for one session's lifetime, however often it is resumed and its ticket renewed:
// the ticket carries when that was (RFC 8446 §4.6.1).

static int ticket_made(SSL *ssl, void *argument) {
    (void)argument;
    SSL_SESSION *session = SSL_get_session(ssl);
    void *known = NULL;
    size_t length = 0;
    int64_t now = (int64_t)time(NULL);
    if (SSL_SESSION_get0_ticket_appdata(session, &known, &length) && length == sizeof now) return 1;
    return SSL_SESSION_set1_ticket_appdata(session, &now, sizeof now);
}

static SSL_TICKET_RETURN ticket_shown(
    SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t name_length, SSL_TICKET_STATUS status,
    void *argument
) {
    (void)ssl, (void)name, (void)name_length;
    const struct ctls_context *context = argument;
    if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT) return SSL_TICKET_RETURN_IGNORE_RENEW;
    void *known = NULL;
    size_t length = 0;
    int64_t first = 0;
    if (!SSL_SESSION_get0_ticket_appdata(session, &known, &length) || length != sizeof first) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    memcpy(&first, known, sizeof first);
    X509 *certificate = SSL_SESSION_get0_peer(session);
    bool has_expired = certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    if (has_expired || (int64_t)time(NULL) - first > context->options.session_lifetime) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static int session_offered(SSL *ssl, SSL_SESSION *session) {
    struct ctls_engine *engine = SSL_get_app_data(ssl);
    SSL_SESSION_free(engine->session);
    engine->session = session;
    return 1;
}

// --- what is said of certificates ----------------------------------------------------------------------------------

static int staple_asked(SSL *ssl, void *argument) {
    const struct ctls_context *context = argument;
    X509 *certificate = SSL_get_certificate(ssl);
    for (size_t i = 0; i < context->staple_count; i++) {
        const struct ctls_staple *staple = &context->staples[i];
        if (staple->certificate != certificate || staple->until <= (int64_t)time(NULL)) continue;
        uint8_t *copy = OPENSSL_memdup(staple->response, staple->length);
        if (!copy) break;
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)staple->length);
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

static int staple_given(SSL *ssl, void *argument) {
    (void)argument;
    struct ctls_engine *engine = SSL_get_app_data(ssl);
    const uint8_t *response = NULL;
    long length = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    if (!response || length <= 0 || ctls_staple_permits(ssl, response, length)) return 1;
    engine->is_revoked = true;
    return 0;
}

static bool is_pinned(const struct ctls_context *context, X509 *certificate) {
    uint8_t *key = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    if (length <= 0) return false;
    uint8_t digest[32];
    ctls_sha256(key, (size_t)length, digest);
    OPENSSL_free(key);
    for (size_t i = 0; i < context->pin_count; i++) {
        if (!memcmp(digest, context->pins + 32 * i, 32)) return true;
    }
    return false;
}

static void describe(struct ctls_engine *engine, X509_STORE_CTX *store) {
    engine->certificate_error = X509_STORE_CTX_get_error(store);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    BIO *text = BIO_new(BIO_s_mem());
    if (certificate && text && X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        int length = BIO_read(text, engine->certificate_text, sizeof engine->certificate_text - 1);
        engine->certificate_text[length > 0 ? length : 0] = 0;
    }
    BIO_free(text);
}

/// Checks the peer's certificate: the chain to whoever is trusted, the host, and the pins.
static int verify(X509_STORE_CTX *store, void *argument) {
    const struct ctls_context *context = argument;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct ctls_engine *engine = SSL_get_app_data(ssl);
    if (context->anyone) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (context->chain && X509_verify_cert(store) <= 0) {
        describe(engine, store);
        return 0;
    }
    bool permits = context->chain && context->pin_count == 0;
    if (context->chain) {
        STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
        for (int i = 0; !permits && i < sk_X509_num(chain); i++) permits = is_pinned(context, sk_X509_value(chain, i));
    } else if (!permits) {
        // Nobody vouches: the key itself has to be the peer's, which it proves by a signature.
        permits = is_pinned(context, X509_STORE_CTX_get0_cert(store));
    }
    X509_STORE_CTX_set_error(store, permits ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
    engine->pins_failed = !permits;
    return permits;
}

static void message_passed(
    int is_sent, int version, int kind, const void *bytes, size_t length, SSL *ssl, void *argument
) {
    (void)version, (void)bytes, (void)length, (void)argument;
    struct ctls_engine *engine = SSL_get_app_data(ssl);
    if (!is_sent && kind == SSL3_RT_HANDSHAKE && engine->is_established) engine->messages++;
}

/// Sessions are for those who would trust the same: one listener's ticket is no way around what another one asks for.
static void set_session_context(struct ctls_context *context, const struct ctls_trust *trust) {
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) goto done;
    uint8_t flags[] = {trust->verifies, trust->anyone, trust->chain, trust->system, context->options.requires_certificate};
    EVP_DigestUpdate(hash, flags, sizeof flags);
    for (size_t i = 0; i < trust->count; i++) EVP_DigestUpdate(hash, trust->roots[i], trust->lengths[i]);
    EVP_DigestUpdate(hash, trust->pins, 32 * trust->pin_count);
    EVP_DigestFinal_ex(hash, context->session_context, NULL);
done:
    EVP_MD_CTX_free(hash);
}

// --- contexts ------------------------------------------------------------------------------------------------------

static void set_server(struct ctls_context *context, SSL_CTX *made) {
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(made, context->session_context, sizeof context->session_context);
    SSL_CTX_set_timeout(made, context->options.session_lifetime);
    // Clients often just leave, and their protocol says where its messages end: their answers can still be sent.
    SSL_CTX_set_options(made, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (context->verifies) SSL_CTX_set_session_ticket_cb(made, ticket_made, ticket_shown, context);
    if (context->ticket_keys) {
        SSL_CTX_set_tlsext_ticket_key_evp_cb(made, ticket);
    } else {
        SSL_CTX_set_options(made, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(made, 0);
    }
    SSL_CTX_set_tlsext_servername_callback(made, name_asked);
    SSL_CTX_set_tlsext_servername_arg(made, context);
    if (context->protocols_length > 0) SSL_CTX_set_alpn_select_cb(made, protocols_offered, context);
    if (context->authorities) SSL_CTX_set_client_CA_list(made, SSL_dup_CA_list(context->authorities));
}

static bool set_client(struct ctls_context *context, SSL_CTX *made) {
    SSL_CTX_set_tlsext_status_cb(made, staple_given);
    SSL_CTX_set_session_cache_mode(
        made, context->keeps_sessions ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
    if (context->keeps_sessions) SSL_CTX_sess_set_new_cb(made, session_offered);
    if (context->protocols_length == 0) return true;
    return SSL_CTX_set_alpn_protos(made, context->protocols, (unsigned)context->protocols_length) == 0;
}

static SSL_CTX *make_group(struct ctls_context *context, char *error, size_t capacity) {
    SSL_CTX *made = SSL_CTX_new(context->is_server ? TLS_server_method() : TLS_client_method());
    if (!made) goto failed;
    SSL_CTX_set_app_data(made, context);
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Clients without instructions for AES say so by putting ChaCha20 first.
    SSL_CTX_set_options(made, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    if (!SSL_CTX_set_min_proto_version(made, context->options.minimum)
        || !SSL_CTX_set_max_proto_version(made, context->options.maximum)
        || !SSL_CTX_set_cipher_list(made, context->cipher_suites ? context->cipher_suites : usual_cipher_suites)
        || !SSL_CTX_set1_groups_list(made, groups))
        goto failed;
    int mode = SSL_VERIFY_NONE;
    if (context->verifies) {
        mode = SSL_VERIFY_PEER;
        if (context->is_server && context->options.requires_certificate) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        SSL_CTX_set_cert_verify_callback(made, verify, context);
        if (context->store) SSL_CTX_set1_cert_store(made, context->store);
        // A certificate that is trusted itself needs nobody to vouch for it.
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(made), X509_V_FLAG_PARTIAL_CHAIN);
    }
    SSL_CTX_set_verify(made, mode, NULL);
    SSL_CTX_set_msg_callback(made, message_passed);
    SSL_CTX_set_tlsext_status_arg(made, context);
    if (context->is_server) {
        SSL_CTX_set_tlsext_status_cb(made, staple_asked);
        set_server(context, made);
    } else if (!set_client(context, made)) {
        goto failed;
    }
    return made;
failed:
    ctls_take_error(error, capacity);
    SSL_CTX_free(made);
    return NULL;
}

static SSL_CTX *group_numbered(struct ctls_context *context, size_t group, char *error, size_t capacity) {
    if (group < context->group_count) return context->groups[group];
    SSL_CTX **larger = realloc(context->groups, (context->group_count + 1) * sizeof *larger);
    if (!larger) return NULL;
    context->groups = larger;
    SSL_CTX *made = make_group(context, error, capacity);
    if (made) context->groups[context->group_count++] = made;
    return made;
}

struct ctls_context *ctls_context_new(
    bool is_server, const struct ctls_options *options, const struct ctls_trust *trust, char *error, size_t capacity
) {
    snprintf(error, capacity, "out of memory");
    ERR_clear_error();
    struct ctls_context *context = calloc(1, sizeof *context);
    if (!context) return NULL;
    context->is_server = is_server;
    context->options = *options;
    context->refuses_unknown_names = options->refuses_unknown_names;
    context->keeps_sessions = options->keeps_sessions;
    context->ticket_keys = options->ticket_keys;
    if (options->cipher_suites && !(context->cipher_suites = strdup(options->cipher_suites))) goto failed;
    if (options->protocols_length > 0) {
        context->protocols = malloc(options->protocols_length);
        if (!context->protocols) goto failed;
        memcpy(context->protocols, options->protocols, options->protocols_length);
        context->protocols_length = options->protocols_length;
    }
    if (!ctls_trust_set(context, trust, error, capacity)) goto failed;
    set_session_context(context, trust);
    // A client, and a server that is asked for nothing it has, need one.
    if (!group_numbered(context, 0, error, capacity)) goto failed;
    return context;
failed:
    ctls_context_free(context);
    return NULL;
}

void ctls_context_free(struct ctls_context *context) {
    if (!context) return;
    for (size_t i = 0; i < context->group_count; i++) SSL_CTX_free(context->groups[i]);
    for (size_t i = 0; i < context->name_count; i++) free(context->names[i].name);
    for (size_t i = 0; i < context->staple_count; i++) {
        X509_free(context->staples[i].certificate);
        free(context->staples[i].response);
    }
    X509_STORE_free(context->store);
    sk_X509_pop_free(context->roots, X509_free);
    sk_X509_NAME_pop_free(context->authorities, X509_NAME_free);
    free(context->groups);
    free(context->names);
    free(context->staples);
    free(context->protocols);
    free(context->pins);
    free(context->cipher_suites);
    free(context);
}

static bool add_staple(struct ctls_context *context, X509 *certificate, const struct ctls_identity *identity) {
    char ignored[1];
    int64_t until = ctls_staple_check(
        identity->staple, identity->staple_length, identity->certificates[0], identity->lengths[0],
        identity->count > 1 ? identity->certificates[1] : NULL, identity->count > 1 ? identity->lengths[1] : 0, ignored,
        sizeof ignored);
    ERR_clear_error();
    // One that was valid when it was read and is so no more is not sent.
    if (until == 0) return true;
    struct ctls_staple *larger = realloc(context->staples, (context->staple_count + 1) * sizeof *larger);
    if (!larger) return false;
    context->staples = larger;
    uint8_t *copy = malloc(identity->staple_length);
    if (!copy || !X509_up_ref(certificate)) {
        free(copy);
        return false;
    }
    memcpy(copy, identity->staple, identity->staple_length);
    larger[context->staple_count++] = (struct ctls_staple){certificate, copy, identity->staple_length, until};
    return true;
}

bool ctls_context_add_identity(
    struct ctls_context *context, size_t group, const struct ctls_identity *identity, char *error, size_t capacity
) {
    snprintf(error, capacity, "out of memory");
    ERR_clear_error();
    SSL_CTX *made = group_numbered(context, group, error, capacity);
    X509 *certificate = ctls_x509(identity->certificates[0], identity->lengths[0]);
    EVP_PKEY *key = ctls_key(identity->key, identity->key_length, NULL);
    STACK_OF(X509) *chain = sk_X509_new_null();
    bool added = made && certificate && key && chain;
    for (size_t i = 1; added && i < identity->count; i++) {
        X509 *next = ctls_x509(identity->certificates[i], identity->lengths[i]);
        added = next && sk_X509_push(chain, next);
    }
    // The last zero: one with a key of the same kind is not replaced, but an error.
    added = added && SSL_CTX_use_cert_and_key(made, certificate, key, chain, 0) == 1;
    if (!added) {
        ctls_take_error(error, capacity);
    } else if (identity->staple) {
        added = add_staple(context, certificate, identity);
    }
    sk_X509_pop_free(chain, X509_free);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return added;
}

bool ctls_context_add_name(struct ctls_context *context, const char *name, size_t group) {
    struct ctls_name *larger = realloc(context->names, (context->name_count + 1) * sizeof *larger);
    if (!larger) return false;
    context->names = larger;
    char *copy = strdup(name);
    if (!copy || group >= context->group_count) {
        free(copy);
        return false;
    }
    larger[context->name_count++] = (struct ctls_name){copy, group};
    return true;
}
