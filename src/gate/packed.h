/* gate/packed.h - how telltaled's bytes for telltale-smtpd are written: strings, each with its length before it. */
#ifndef GATE_PACKED_H
#define GATE_PACKED_H

#include "base/buf.h"
#include "base/cur.h"

void packed_num(struct buf *b, uint32_t v);
void packed_str(struct buf *b, struct str s); /* shorter than 4 GiB */
struct str packed_take(struct cur *c);        /* such a string; the cursor tells of a mistake */

#endif
