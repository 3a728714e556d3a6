#pragma once
// A key that lives behind a provider, made usable for TLS whatever OpenSSL prefers.
//
// OpenSSL 3.0 signs with the implementation that it likes best, and hands the key over to it; a provider that gives
// away the public half alone, as tpm2-openssl 1.1 does, then fails with "missing private key". Making it like the
// hardware best (default_properties = ?provider=tpm2) moves every other operation there too: checking the
// controller's certificates, key exchange, random numbers. So the key is shown to OpenSSL as an EC key whose
// signatures are made elsewhere, and only these go to its provider.
//
// Source: EC_KEY_METHOD_new(3), EVP_PKEY_CTX_new_from_pkey(3)
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static void rc_free_kept_key(void *parent, void *key, CRYPTO_EX_DATA *data, int index, long number, void *context) {
  (void)parent, (void)data, (void)index, (void)number, (void)context;
  EVP_PKEY_free((EVP_PKEY *)key);
}

/// Where an EC key keeps the provider's key; one place in the process. Called by one thread.
static inline int rc_kept_key_index(void) {
  static int index = -1;
  if (index < 0) index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, rc_free_kept_key);
  return index;
}

static inline const char *rc_provider_name(const EVP_PKEY *key) {
  const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
  return provider == NULL ? NULL : OSSL_PROVIDER_get0_name(provider);
}

/// ECDSA of a digest by the key's own provider.
static ECDSA_SIG *rc_sign_at_provider(
  const unsigned char *digest, int count, const BIGNUM *inverse, const BIGNUM *r, EC_KEY *shown
) {
  (void)inverse, (void)r;
  EVP_PKEY *key = (EVP_PKEY *)EC_KEY_get_ex_data(shown, rc_kept_key_index());
  const char *name = key == NULL ? NULL : rc_provider_name(key);
  const EVP_MD *kind = count == 32 ? EVP_sha256() : count == 48 ? EVP_sha384() : count == 64 ? EVP_sha512() : NULL;
  char query[128];
  if (name == NULL || kind == NULL || snprintf(query, sizeof query, "provider=%s", name) >= (int)sizeof query) return NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, query);
  unsigned char der[256];
  size_t length = sizeof der;
  const unsigned char *position = der;
  ECDSA_SIG *signature = NULL;
  if (context != NULL && EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, kind) == 1
      && EVP_PKEY_sign(context, der, &length, digest, (size_t)count) == 1)
    signature = d2i_ECDSA_SIG(NULL, &position, (long)length);
  EVP_PKEY_CTX_free(context);
  return signature;
}

/// The key as OpenSSL takes it everywhere; NULL where it cannot be shown. Takes `key` over in any case.
static inline EVP_PKEY *rc_shown(EVP_PKEY *key) {
  const char *name = rc_provider_name(key);
  if (name == NULL || strcmp(name, "default") == 0 || strcmp(name, "fips") == 0 || !EVP_PKEY_is_a(key, "EC")) return key;
  static EC_KEY_METHOD *method = NULL;
  if (method == NULL && (method = EC_KEY_METHOD_new(EC_KEY_OpenSSL())) != NULL) {
    int (*sign)(int, const unsigned char *, int, unsigned char *, unsigned int *, const BIGNUM *, const BIGNUM *, EC_KEY *) = NULL;
    EC_KEY_METHOD_get_sign(method, &sign, NULL, NULL);
    EC_KEY_METHOD_set_sign(method, sign, NULL, rc_sign_at_provider);
  }
  unsigned char *der = NULL;
  int length = i2d_PUBKEY(key, &der);
  const unsigned char *position = der;
  EC_KEY *shown = length > 0 ? d2i_EC_PUBKEY(NULL, &position, length) : NULL;
  OPENSSL_free(der);
  EVP_PKEY *result = EVP_PKEY_new();
  if (method != NULL && shown != NULL && result != NULL && EC_KEY_set_method(shown, method) == 1
      && EC_KEY_set_ex_data(shown, rc_kept_key_index(), key) == 1) {
    // From here on the EC key owns the provider's.
    if (EVP_PKEY_assign_EC_KEY(result, shown) == 1) return result;
  } else {
    EVP_PKEY_free(key);
  }
  EC_KEY_free(shown);
  EVP_PKEY_free(result);
  return NULL;
}
