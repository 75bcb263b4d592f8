/* test/unit/accounts.h - a store in a folder of its own, and an administrator who types words with spaces. */
#ifndef TEST_ACCOUNTS_H
#define TEST_ACCOUNTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

struct accounts {
	char folder[64], path[128];
	struct store *store;
};

static int accounts_open(void **state)
{
	struct accounts *a = mem_alloc(sizeof(*a));
	struct err e = { 0 };

	strcpy(a->folder, "/tmp/test-store-XXXXXX");
	if (mkdtemp(a->folder) == NULL)
		return -1;
	snprintf(a->path, sizeof(a->path), "%s/in/accounts.db", a->folder);
	a->store = store_open(a->path, 1000, &e);
	*state = a;
	return a->store != NULL ? 0 : -1;
}

static int accounts_close(void **state)
{
	struct accounts *a = *state;

	store_close(a->store);
	unlink(a->path);
	*strrchr(a->path, '/') = '\0';
	rmdir(a->path);
	rmdir(a->folder);
	free(a);
	return 0;
}

/* The status; *out is the caller's to clear. */
static int accounts_do(struct accounts *a, const char *words, struct store_done *out)
{
	BUF(w);

	buf_adds(&w, words);
	for (size_t i = 0; i < w.n; i++)
		if (w.p[i] == ' ')
			w.p[i] = '\0';
	store_admin(a->store, buf_str(&w), STR("secret\n"), out);
	return out->status;
}

static void accounts_must(struct accounts *a, const char *words)
{
	struct store_done done;

	if (accounts_do(a, words, &done) != 0)
		fail_msg("%s: %s", words, buf_z(&done.message));
	store_done_clear(&done);
}

#endif
