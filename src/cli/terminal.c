#include "cli/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

size_t terminal_columns(void)
{
	struct winsize w = { 0 };
	const char *z = getenv("COLUMNS");
	uint64_t n = 0;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		n = w.ws_col;
	else if (z == NULL || !str_u64(str_of(z), UINT16_MAX, &n) || n == 0)
		return 0;
	return n < TERMINAL_LEAST ? TERMINAL_LEAST : n > TERMINAL_MOST ? TERMINAL_MOST : (size_t)n;
}

bool terminal_colours(void)
{
	return isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
}
