#include "internal.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static bool add_extension(X509 *certificate, X509 *issuer, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static bool add_names(X509 *certificate, const char *names) {
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
    bool added = all != NULL;
    while (added && *names) {
        size_t length = strcspn(names, "\n");
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)length, names);
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
        GENERAL_NAME *entry = GENERAL_NAME_new();
        if (address) {
            GENERAL_NAME_set0_value(entry, GEN_IPADD, address);
        } else {
            ASN1_IA5STRING *text = ASN1_IA5STRING_new();
            added = ASN1_STRING_set(text, name, -1);
            GENERAL_NAME_set0_value(entry, GEN_DNS, text);
        }
        added = added && sk_GENERAL_NAME_push(all, entry);
        names += length + (names[length] == '\n');
    }
    added = added && (sk_GENERAL_NAME_num(all) == 0 || X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0));
    GENERAL_NAMES_free(all);
    return added;
}

static bool set_serial(X509 *certificate) {
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] = (bytes[0] & 0x7f) | 1;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return is_set;
}

static bool fill(X509 *certificate, const struct ctls_request *request, EVP_PKEY *key, X509 *issuer) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate)
        && X509_gmtime_adj(X509_getm_notBefore(certificate), (long)request->begins)
        && X509_gmtime_adj(X509_getm_notAfter(certificate), (long)request->ends) && X509_set_pubkey(certificate, key)
        && X509_NAME_add_entry_by_txt(
            subject, "CN", MBSTRING_UTF8, (const uint8_t *)request->common_name, -1, -1, 0)
        && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) && add_names(certificate, request->names)
        && add_extension(
            certificate, issuer, NID_basic_constraints,
            request->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE")
        && add_extension(
            certificate, issuer, NID_key_usage,
            request->is_authority ? "critical,keyCertSign,cRLSign,digitalSignature" : "critical,digitalSignature")
        && (request->is_authority || add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth"))
        && add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
}

bool ctls_issue(const struct ctls_request *request, char **certificate, char **key, char *error, size_t capacity) {
    ERR_clear_error();
    *certificate = *key = NULL;
    EVP_PKEY *made = request->is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509 *leaf = X509_new();
    X509 *issuer = request->issuer ? ctls_x509(request->issuer, request->issuer_length) : NULL;
    EVP_PKEY *signer = request->issuer_key ? ctls_key(request->issuer_key, strlen(request->issuer_key), NULL) : NULL;
    bool is_issued = made && leaf && (!request->issuer || (issuer && signer))
        && fill(leaf, request, made, issuer ? issuer : leaf)
        && X509_sign(leaf, signer ? signer : made, EVP_sha256()) > 0;
    if (is_issued) {
        uint8_t *der = NULL;
        int length = i2d_X509(leaf, &der);
        if (length > 0) *certificate = ctls_pem(PEM_STRING_X509, der, (size_t)length);
        OPENSSL_free(der);
        BIO *bio = BIO_new(BIO_s_mem());
        char *text = NULL;
        if (bio && PEM_write_bio_PKCS8PrivateKey(bio, made, NULL, NULL, 0, NULL, NULL)) {
            long count = BIO_get_mem_data(bio, &text);
            *key = OPENSSL_strndup(text, (size_t)count);
        }
        BIO_free(bio);
        is_issued = *certificate && *key;
    }
    if (!is_issued) {
        ctls_take_error(error, capacity);
        OPENSSL_free(*certificate);
        OPENSSL_free(*key);
        *certificate = *key = NULL;
    }
    X509_free(leaf);
    X509_free(issuer);
    EVP_PKEY_free(made);
    EVP_PKEY_free(signer);
    return is_issued;
}
