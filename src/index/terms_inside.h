/* index/terms_inside.h - what terms.c and terms_read.c have in common. */
#ifndef INDEX_TERMS_INSIDE_H
#define INDEX_TERMS_INSIDE_H

#include "index/bytes.h"
#include "index/terms.h"

enum { TERM_BLOCK = 32 << 10 }; /* bytes of texts, or of lists, that end a block */

static inline struct str term_number(uint64_t number, char room[8])
{
	for (int i = 0; i < 8; i++)
		room[i] = (char)(number >> (56 - 8 * i));
	return (struct str){ room, 8 };
}

#endif
