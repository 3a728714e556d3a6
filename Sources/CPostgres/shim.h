#pragma once
// libpq's names of an error's fields are character macros, which Swift does not see.
#include <libpq-fe.h>

/// Five characters, or NULL where the error is not the server's.
static inline const char *rc_sqlstate(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_SQLSTATE); }

/// The server's message without its detail, which may hold a row's values.
static inline const char *rc_primary(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY); }
