#include "base/intern.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct text {
	uint32_t count, n;
	char z[];
};

static struct text *text_of(const char *z)
{
	return (struct text *)(void *)((char *)(uintptr_t)z - offsetof(struct text, z));
}

static struct str key_of(const struct text *x)
{
	return str_mem(x->z, x->n);
}

const char *intern_keep(struct intern *t, struct str text)
{
	struct text *x = map_get(&t->texts, text);

	if (x == NULL) {
		x = mem_alloc(sizeof(*x) + text.n + 1);
		x->n = (uint32_t)text.n;
		if (text.n > 0)
			memcpy(x->z, text.p, text.n);
		x->z[text.n] = '\0';
		x->count = 0;
		(void)map_put(&t->texts, key_of(x), x);
	}
	x->count++;
	return x->z;
}

void intern_drop(struct intern *t, const char *text)
{
	struct text *x = text != NULL ? text_of(text) : NULL;

	if (x == NULL || --x->count > 0)
		return;
	(void)map_del(&t->texts, key_of(x));
	free(x);
}

void intern_clear(struct intern *t)
{
	struct text *x;

	for (size_t i = 0; (x = map_next(&t->texts, &i, NULL)) != NULL;)
		free(x);
	map_clear(&t->texts);
}
