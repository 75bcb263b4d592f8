#include "base/sandbox.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sandbox_inside.h"
#include "base/say.h"

bool sandbox_writes(const struct sandbox *box)
{
	for (size_t i = 0; i < SANDBOX_PATHS; i++)
		if (box->paths[i].right >= SANDBOX_APPEND)
			return true;
	return false;
}

/* A thread that runs already would stay outside.  Where /proc cannot be read, nothing can be known. */
static void must_be_alone(void)
{
	DIR *d = opendir("/proc/self/task");
	size_t n = 0;

	if (d == NULL)
		return;
	for (struct dirent *x = readdir(d); x != NULL; x = readdir(d))
		n += x->d_name[0] != '.';
	closedir(d);
	if (n > 1)
		BUG("the sandbox was entered with %zu threads", n);
}

void sandbox_enter(const struct sandbox *box, const struct conf *c)
{
	const char *how = getenv("TELLTALE_SANDBOX");
	enum sandbox_mode mode = SANDBOX_ON;

	must_be_alone();
	if (how != NULL && strcmp(how, "off") == 0) {
		say(SAY_WARNING, "TELLTALE_SANDBOX=off: no sandbox");
		return;
	}
	if (how != NULL && strcmp(how, "tell") == 0)
		mode = SANDBOX_TELL;
	if (how != NULL && strcmp(how, "probe") == 0)
		mode = SANDBOX_PROBE;
	tzset(); /* reads a file */
	sandbox_landlock(box);
	sandbox_seccomp(box, mode);
	if (mode == SANDBOX_PROBE)
		sandbox_probe(c);
}
