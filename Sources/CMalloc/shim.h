#pragma once
#include <malloc.h>

/* Swift's Glibc module leaves malloc.h out. From how many heaps threads may take; 0 where that could not be set. */
static inline int rc_share_heaps(int heaps) { return mallopt(M_ARENA_MAX, heaps); }

/* Gives pages of freed memory in all heaps back to the system; takes each heap's lock in turn for some milliseconds. */
static inline void rc_give_back(void) { malloc_trim(0); }
