#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Whose word counts. The system's authorities, some 150 certificates whose reading takes tens of milliseconds, are read once
// for all contexts, and again when what they were read from has changed.

/// What tells one state of a file or directory from another.
struct version {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

static struct version version_of(const char *path) {
    struct stat facts;
    struct version version;
    memset(&version, 0, sizeof version);
    if (stat(path, &facts)) return version;
    version.device = facts.st_dev;
    version.inode = facts.st_ino;
    version.size = facts.st_size;
    version.changed = facts.st_mtim;
    return version;
}

static bool is_same(const struct version *one, const struct version *other) {
    return one->device == other->device && one->inode == other->inode && one->size == other->size
        && one->changed.tv_sec == other->changed.tv_sec && one->changed.tv_nsec == other->changed.tv_nsec;
}

static const char *place(const char *variable, const char *usual) {
    const char *given = secure_getenv(variable);
    return given ? given : usual;
}

static struct {
    X509_STORE *store;
    struct version file, directory;
    uint64_t number;              ///< of the state that is there now; 0: nobody has looked
} system_authorities;

/// The number of the state that the system's authorities are in: two calls to the kernel.
static uint64_t system_number(void) {
    struct version file = version_of(place(X509_get_default_cert_file_env(), X509_get_default_cert_file()));
    // More than one directory has a version of its own, that there is none, and is looked up anew at a reload alone.
    struct version directory = version_of(place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()));
    if (system_authorities.number == 0 || !is_same(&file, &system_authorities.file)
        || !is_same(&directory, &system_authorities.directory)) {
        system_authorities.file = file;
        system_authorities.directory = directory;
        system_authorities.number++;
        X509_STORE_free(system_authorities.store);
        system_authorities.store = NULL;
    }
    return system_authorities.number;
}

/// A reference to the system's authorities as they are now.
static X509_STORE *system_store(void) {
    if (!system_authorities.store) {
        X509_STORE *made = X509_STORE_new();
        if (!made || !X509_STORE_set_default_paths(made)) {
            X509_STORE_free(made);
            return NULL;
        }
        system_authorities.store = made;
    }
    return X509_STORE_up_ref(system_authorities.store) ? system_authorities.store : NULL;
}

/// A store of what the context trusts.
static X509_STORE *store_of(const struct ctls_context *context) {
    if (!context->roots) return system_store();
    X509_STORE *made = X509_STORE_new();
    bool is_whole = made && (!context->trusts_system || X509_STORE_set_default_paths(made));
    for (int i = 0; is_whole && i < sk_X509_num(context->roots); i++) {
        is_whole = X509_STORE_add_cert(made, sk_X509_value(context->roots, i));
    }
    if (is_whole) return made;
    X509_STORE_free(made);
    return NULL;
}

static bool add_roots(struct ctls_context *context, const struct ctls_trust *trust) {
    context->roots = sk_X509_new_null();
    context->authorities = sk_X509_NAME_new_null();
    if (!context->roots || !context->authorities) return false;
    for (size_t i = 0; i < trust->count; i++) {
        X509 *root = ctls_x509(trust->roots[i], trust->lengths[i]);
        if (!root) return false;
        if (!sk_X509_push(context->roots, root)) {
            X509_free(root);
            return false;
        }
        X509_NAME *name = X509_NAME_dup(X509_get_subject_name(root));
        if (!name || !sk_X509_NAME_push(context->authorities, name)) {
            X509_NAME_free(name);
            return false;
        }
    }
    return true;
}

bool ctls_trust_set(struct ctls_context *context, const struct ctls_trust *trust, char *error, size_t capacity) {
    context->verifies = trust->verifies;
    context->anyone = trust->anyone;
    context->chain = trust->chain;
    context->pin_count = trust->pin_count;
    if (trust->pin_count > 0) {
        context->pins = malloc(32 * trust->pin_count);
        if (!context->pins) return false;
        memcpy(context->pins, trust->pins, 32 * trust->pin_count);
    }
    if (!trust->verifies || !trust->chain) return true;
    context->trusts_system = trust->system;
    if (trust->system) context->trust_number = system_number();
    if ((!trust->system || trust->count > 0) && !add_roots(context, trust)) {
        ctls_take_error(error, capacity);
        return false;
    }
    context->store = store_of(context);
    if (!context->store) ctls_take_error(error, capacity);
    return context->store != NULL;
}

bool ctls_context_renew_trust(struct ctls_context *context) {
    if (!context->trusts_system || context->trust_number == system_number()) return false;
    X509_STORE *store = store_of(context);
    // What cannot be read now may be readable the next time; until then the old ones count.
    if (!store) return false;
    context->trust_number = system_authorities.number;
    X509_STORE_free(context->store);
    context->store = store;
    for (size_t i = 0; i < context->group_count; i++) SSL_CTX_set1_cert_store(context->groups[i], store);
    return true;
}
