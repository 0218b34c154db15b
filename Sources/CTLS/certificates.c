#include "internal.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ctls_free(void *memory) { OPENSSL_free(memory); }

void ctls_sha256(const void *bytes, size_t count, uint8_t digest[32]) {
    if (!EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL)) memset(digest, 0, 32);
}

bool ctls_random(void *bytes, size_t count) { return RAND_bytes(bytes, (int)count) == 1; }

size_t ctls_base64(const uint8_t *bytes, size_t count, char *text) {
    return (size_t)EVP_EncodeBlock((uint8_t *)text, bytes, (int)count);
}

long ctls_base64_decode(const char *text, size_t length, uint8_t *bytes) {
    return EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)length);
}

// --- reading -------------------------------------------------------------------------------------------------------

X509 *ctls_x509(const uint8_t *der, size_t length) {
    const uint8_t *end = der;
    X509 *certificate = length <= INT32_MAX ? d2i_X509(NULL, &end, (long)length) : NULL;
    // Nothing may come behind it: two readers might understand two things.
    if (certificate && end != der + length) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

/// What a memory BIO has, as a string to be freed; frees the BIO.
static char *text_of(BIO *bio) {
    char *bytes = NULL, *text = NULL;
    long length = bio ? BIO_get_mem_data(bio, &bytes) : -1;
    if (length >= 0 && (text = OPENSSL_malloc((size_t)length + 1))) {
        if (length > 0) memcpy(text, bytes, (size_t)length);
        text[length] = 0;
    }
    BIO_free(bio);
    return text;
}

static char *name_text(const X509_NAME *name) {
    BIO *bio = BIO_new(BIO_s_mem());
    // RFC 2253 is what RFC 4514 replaces; UTF-8 is left as it is.
    if (bio) X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    return text_of(bio);
}

static char *names_text(X509 *certificate) {
    BIO *bio = BIO_new(BIO_s_mem());
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; bio && i < sk_GENERAL_NAME_num(names); i++) {
        int kind;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        if (kind != GEN_DNS && kind != GEN_IPADD) continue;
        const uint8_t *bytes = ASN1_STRING_get0_data(value);
        int length = ASN1_STRING_length(value);
        if (kind == GEN_DNS) {
            // A name with a byte that no name has is left out: it could pass for another one.
            bool is_name = length > 0 && length < 256;
            for (int j = 0; is_name && j < length; j++) is_name = bytes[j] > ' ' && bytes[j] < 127;
            if (!is_name) continue;
            for (int j = 0; j < length; j++) {
                BIO_printf(bio, "%c", bytes[j] >= 'A' && bytes[j] <= 'Z' ? bytes[j] + 32 : bytes[j]);
            }
            BIO_printf(bio, "\n");
        } else if (length == 4) {
            BIO_printf(bio, "%d.%d.%d.%d\n", bytes[0], bytes[1], bytes[2], bytes[3]);
        } else if (length == 16) {
            for (int j = 0; j < 16; j += 2) BIO_printf(bio, j ? ":%x" : "%x", bytes[j] << 8 | bytes[j + 1]);
            BIO_printf(bio, "\n");
        }
    }
    GENERAL_NAMES_free(names);
    return text_of(bio);
}

static char *key_text(X509 *certificate) {
    char text[80] = "an unknown kind of key";
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        snprintf(text, sizeof text, "RSA %d", EVP_PKEY_get_bits(key));
    } else if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        char group[48] = "";
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
        const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));
        snprintf(text, sizeof text, "ECDSA %s", nist ? nist : group);
    } else if (key) {
        const char *name = OBJ_nid2ln(EVP_PKEY_get_base_id(key));
        snprintf(text, sizeof text, "%s", name ? name : "");
    }
    return OPENSSL_strdup(text);
}

static bool seconds_of(const ASN1_TIME *when, int64_t *seconds) {
    struct tm parts;
    if (!ASN1_TIME_to_tm(when, &parts)) return false;
    *seconds = timegm(&parts);
    return true;
}

bool ctls_certificate_read(const uint8_t *der, size_t length, struct ctls_certificate *certificate) {
    memset(certificate, 0, sizeof *certificate);
    ERR_clear_error();
    X509 *parsed = ctls_x509(der, length);
    bool is_read = false;
    uint8_t *key = NULL;
    int key_length = parsed ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(parsed), &key) : 0;
    if (!parsed || key_length <= 0 || !seconds_of(X509_get0_notBefore(parsed), &certificate->not_before)
        || !seconds_of(X509_get0_notAfter(parsed), &certificate->not_after))
        goto done;
    ctls_sha256(der, length, certificate->fingerprint);
    ctls_sha256(key, (size_t)key_length, certificate->pin);
    certificate->subject = name_text(X509_get_subject_name(parsed));
    certificate->issuer = name_text(X509_get_issuer_name(parsed));
    certificate->names = names_text(parsed);
    certificate->key = key_text(parsed);
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(parsed), NULL);
    certificate->serial = serial ? BN_bn2hex(serial) : NULL;
    BN_free(serial);
    is_read = certificate->subject && certificate->issuer && certificate->names && certificate->key
        && certificate->serial;
done:
    OPENSSL_free(key);
    X509_free(parsed);
    ERR_clear_error();
    if (!is_read) ctls_certificate_free(certificate);
    return is_read;
}

void ctls_certificate_free(struct ctls_certificate *certificate) {
    OPENSSL_free(certificate->subject);
    OPENSSL_free(certificate->issuer);
    OPENSSL_free(certificate->names);
    OPENSSL_free(certificate->key);
    OPENSSL_free(certificate->serial);
    memset(certificate, 0, sizeof *certificate);
}

bool ctls_certificate_is_for(const uint8_t *der, size_t length, const char *host) {
    ERR_clear_error();
    X509 *certificate = ctls_x509(der, length);
    bool is_for = false;
    // A name that begins with a point would stand for all that end with it.
    if (certificate && host[0] != '.') {
        int address = X509_check_ip_asc(certificate, host, 0);
        is_for = address == 1 || (address == -2 && X509_check_host(certificate, host, 0, ctls_host_rules, NULL) == 1);
    }
    X509_free(certificate);
    ERR_clear_error();
    return is_for;
}

// --- PEM -----------------------------------------------------------------------------------------------------------

int ctls_pem_next(const char *text, size_t length, size_t *offset, char **label, uint8_t **der, size_t *der_length) {
    static const char begin[] = "-----BEGIN ";
    *label = NULL;
    *der = NULL;
    const char *start = memmem(text + *offset, length - *offset, begin, sizeof begin - 1);
    if (!start || length > INT32_MAX) return 0;
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(start, (int)(text + length - start));
    char *header = NULL;
    long count = 0;
    int read = bio ? PEM_read_bio(bio, label, &header, der, &count) : 0;
    size_t left = bio ? (size_t)BIO_pending(bio) : 0;
    BIO_free(bio);
    OPENSSL_free(header);
    ERR_clear_error();
    if (!read) return -1;
    *offset = length - left;
    *der_length = (size_t)count;
    return 1;
}

char *ctls_pem(const char *label, const uint8_t *der, size_t length) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio) PEM_write_bio(bio, label, "", der, (long)length);
    return text_of(bio);
}

/// Gives no password to whoever asks: OpenSSL would ask the terminal.
static int password_of(char *buffer, int capacity, int is_writing, void *password) {
    (void)is_writing;
    size_t length = password ? strlen(password) : 0;
    if (length == 0 || length > (size_t)capacity) return -1;
    memcpy(buffer, password, length);
    return (int)length;
}

EVP_PKEY *ctls_key(const char *pem, size_t length, const char *password) {
    BIO *bio = length <= INT32_MAX ? BIO_new_mem_buf(pem, (int)length) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, password_of, (void *)password) : NULL;
    BIO_free(bio);
    return key;
}

static char *key_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio) PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    return text_of(bio);
}

char *ctls_key_read(const char *pem, size_t length, const char *password, char *error, size_t capacity) {
    ERR_clear_error();
    EVP_PKEY *key = ctls_key(pem, length, password);
    char *text = key ? key_pem(key) : NULL;
    if (!text) {
        bool is_encrypted = memmem(pem, length, "ENCRYPTED", 9) != NULL;
        if (is_encrypted) {
            const char *reason = password ? "the password does not open it" : "it is encrypted and there is no password";
            snprintf(error, capacity, "%s", reason);
            ERR_clear_error();
        } else {
            ctls_take_error(error, capacity);
        }
    }
    EVP_PKEY_free(key);
    return text;
}

bool ctls_key_fits(const char *pem, const uint8_t *certificate, size_t length) {
    ERR_clear_error();
    X509 *parsed = ctls_x509(certificate, length);
    EVP_PKEY *key = ctls_key(pem, strlen(pem), NULL);
    bool fits = parsed && key && X509_check_private_key(parsed, key) == 1;
    EVP_PKEY_free(key);
    X509_free(parsed);
    ERR_clear_error();
    return fits;
}
