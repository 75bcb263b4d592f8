/* logs/frame_stamp.h - inside of frame.c: the stamps.
 *
 * Each takes its stamp and the space behind it, and fills what the frame tells of time; false: none stands here, and
 * nothing is changed.
 */
#ifndef LOGS_FRAME_STAMP_H
#define LOGS_FRAME_STAMP_H

#include "base/cur.h"
#include "logs/frame.h"

bool frame_3164(struct cur *at, struct frame *out);
bool frame_3339(struct cur *at, struct frame *out);
bool frame_exim(struct cur *at, struct frame *out); /* behind a syslog stamp that knows more it leaves that */
bool frame_tai(struct cur *at, struct frame *out);
bool frame_epoch(struct cur *at, struct frame *out);
/* [.digits] */
void frame_fraction(struct cur *c);

#endif
