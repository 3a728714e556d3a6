#pragma once
// What Swift cannot call of OpenSSL: macros, and functions over its typed stacks.
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "provider-key.h"

static inline EVP_PKEY *rc_p256(void) { return EVP_EC_gen("P-256"); }
static inline void rc_free(void *memory) { OPENSSL_free(memory); }
static inline long rc_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

/// The private key as PKCS#8 PEM, not encrypted; 0 where the key cannot leave its device.
static inline int rc_write_private_key(BIO *bio, EVP_PKEY *key) {
  return PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
}

/// The first private key that the store at `uri` holds, or NULL. Any provider's URI: file:, pkcs11:, handle: …
static inline EVP_PKEY *rc_load_key(const char *uri) {
  OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
  EVP_PKEY *key = NULL;
  if (store == NULL) return NULL;
  while (key == NULL && !OSSL_STORE_eof(store)) {
    OSSL_STORE_INFO *info = OSSL_STORE_load(store);
    if (info == NULL) continue;
    if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) key = OSSL_STORE_INFO_get1_PKEY(info);
    OSSL_STORE_INFO_free(info);
  }
  OSSL_STORE_close(store);
  return key == NULL ? NULL : rc_shown(key);
}

/// The certificates of a signed PKCS#7 message, owned by it; NULL where it is of another type.
static inline STACK_OF(X509) *rc_pkcs7_certificates(PKCS7 *message) {
  return PKCS7_type_is_signed(message) && message->d.sign != NULL ? message->d.sign->cert : NULL;
}
static inline int rc_certificate_count(const STACK_OF(X509) *stack) { return stack == NULL ? 0 : sk_X509_num(stack); }
static inline X509 *rc_certificate_at(const STACK_OF(X509) *stack, int index) { return sk_X509_value(stack, index); }
static inline STACK_OF(X509) *rc_certificates_new(void) { return sk_X509_new_null(); }
static inline int rc_certificates_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
static inline void rc_certificates_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static inline int rc_tls_add_chain(SSL_CTX *tls, X509 *certificate) { return (int)SSL_CTX_add1_chain_cert(tls, certificate); }

static inline GENERAL_NAMES *rc_names_new(void) { return sk_GENERAL_NAME_new_null(); }
static inline void rc_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }
static inline int rc_names_add_uri(GENERAL_NAMES *names, const char *uri, int count) {
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_IA5STRING *text = ASN1_IA5STRING_new();
  if (name == NULL || text == NULL || !ASN1_STRING_set(text, uri, count)) {
    GENERAL_NAME_free(name);
    ASN1_IA5STRING_free(text);
    return 0;
  }
  GENERAL_NAME_set0_value(name, GEN_URI, text);
  if (sk_GENERAL_NAME_push(names, name) > 0) return 1;
  GENERAL_NAME_free(name);
  return 0;
}
static inline int rc_request_set_names(X509_REQ *request, GENERAL_NAMES *names) {
  STACK_OF(X509_EXTENSION) *extensions = NULL;
  int done = X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1
    && X509_REQ_add_extensions(request, extensions) == 1;
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return done;
}

/// The `index`th URI of the subject alternative name, or NULL past the last. `count` gets its length in bytes.
/// The text is owned by `names`.
static inline const unsigned char *rc_names_uri(const GENERAL_NAMES *names, int index, int *count) {
  for (int at = 0; names != NULL && at < sk_GENERAL_NAME_num(names); at++) {
    int type = 0;
    ASN1_STRING *text = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, at), &type);
    if (type != GEN_URI || index-- > 0) continue;
    *count = ASN1_STRING_length(text);
    return ASN1_STRING_get0_data(text);
  }
  return NULL;
}
