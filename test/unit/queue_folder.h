/* A private folder for a test of the queue. */
#ifndef QUEUE_FOLDER_H
#define QUEUE_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A private folder in `where`; the caller removes it again.  Not for two at a time. */
static inline char *server_folder(const char *where)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/telltale-queue-XXXXXX", where);
	return mkdtemp(path);
}

static inline void server_remove(const char *folder)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", folder);
}

#endif
