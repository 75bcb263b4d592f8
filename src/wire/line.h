/* wire/line.h - one command line.
 *
 * CRLF is the only line end.  A line with a CR or LF of another kind in it is
 * read to its CRLF all the same and reported LINE_BARE, so that a client and
 * we never disagree about where a command starts.  (A client that stops after
 * a bare LF and waits is told after half a second.)  A line over the limit is
 * read to its end and reported LINE_LONG; its bytes are not kept.
 */
#ifndef WIRE_LINE_H
#define WIRE_LINE_H

#include "wire/conn.h"

/* With CRLF; RFC 5321 4.5.3.1.4 (512) and what SIZE, BODY, AUTH and SMTPUTF8 add to it fit well. */
#define LINE_LIMIT 2048
/* AUTH and the answers to its challenges carry more (RFC 4954, 4). */
#define LINE_AUTH_LIMIT 12288

enum line_end {
	LINE_OK,
	LINE_BARE,
	LINE_LONG,
	LINE_ALIEN,  /* its first byte cannot start a command (see command_starts) */
	LINE_CLOSED, /* the peer closed, in mid-line or before it */
	LINE_TIMEOUT,
	LINE_BROKEN /* the connection failed */
};

/* The automaton behind it; a zeroed struct stands before the first byte. */
struct line {
	bool answer; /* set by the caller: no command but an answer to a challenge of AUTH, whatever its first byte */
	char *text;  /* `room` bytes */
	size_t room;
	size_t n;  /* bytes kept; without the CRLF once ended */
	char last; /* the last byte */
	bool bare, over, ended;
	unsigned lines; /* that were taken */
};

/* Use bytes up to the end of the line at most; returns how many. */
size_t line_feed(struct line *l, const char *p, size_t n);
void line_reset(struct line *l);
void line_clear(struct line *l); /* wipes: there may have been a password in it; l is zeroed again */

/* The next line, whole before the deadline.  What waits in w->out is sent before
 * we wait for input: so replies go out per batch of pipelined commands.  Who has said much at one time gives other
 * fibers their turn now and then.  *text borrows from l until the next call. */
enum line_end wire_line(struct wire *w, struct line *l, int64_t deadline, struct str *text);

#endif
