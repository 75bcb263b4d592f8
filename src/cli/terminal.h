/* cli/terminal.h - what the terminal on stdout is like. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum { TERMINAL_LEAST = 40, TERMINAL_MOST = 300 };

/* Its columns, at least TERMINAL_LEAST and at most TERMINAL_MOST; where stdout is none, what COLUMNS says; 0: nobody
 * says. */
size_t terminal_columns(void);
/* Does it show colours, and want them (NO_COLOR)? */
bool terminal_colours(void);

#endif
