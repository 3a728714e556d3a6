/// libcurl brings libgnutls along for protocols that the agent never speaks. This answer keeps it from setting itself
/// up when it is loaded, which takes 1 ms and half a megabyte.
///
/// Source: gnutls/gnutls.h, GNUTLS_SKIP_GLOBAL_INIT
@_cdecl("_gnutls_global_init_skip")
package func skipGnuTLSInit() -> Int32 { 1 }
