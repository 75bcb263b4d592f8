/* base/say.h - the server's own voice: one sentence in server.log and on stderr.
 *
 * Only programs and composers call it (the station that gives up); libraries
 * return a struct err instead.  Thread-safe: one line is one write.
 * Line: "2026-11-23 20:15:00 telltale-queue[4711] warning: TEXT".
 */
#ifndef BASE_SAY_H
#define BASE_SAY_H

#include <stdbool.h>

enum say_level { SAY_DEBUG, SAY_INFO, SAY_WARNING, SAY_ERROR };

/* program: a literal that outlives us; log_fd: server.log opened for append, or -1 for stderr only. */
void say_open(const char *program, int log_fd, enum say_level least);
void say(enum say_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Nobody writes into server.log meanwhile: who rotates it copies the rest and empties it (logs/rotate.h).  A lock of
 * this process, not of the descriptor, which all programs share.  0 ms: as long as it takes. */
bool say_lock(int log_fd, int ms);
void say_unlock(int log_fd);

#endif
