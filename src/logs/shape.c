#include "logs/shape.h"

#include <pthread.h>
#include <stdatomic.h>

static const struct {
	enum log_family family;
	const char *pattern;
} rows[LOG_KINDS] = {
#define LOG_SHAPE(family, id, pattern) [LOG_##family##_##id] = { LOG_##family, pattern },
#include "logs/shapes.def"
#undef LOG_SHAPE
};

static const char *const field_names[LOG_FIELDS] = {
#define LOG_FIELD(name, class) [LOG_F_##name] = #name,
#include "logs/fields.def"
#undef LOG_FIELD
};

#define LOG_CLASS(class, ...) CLASS_##class,
enum class_id {
#include "logs/fields.def"
	CLASS_COUNT
};
#undef LOG_CLASS

static const struct shape_class classes[CLASS_COUNT] = {
#define LOG_CLASS(class, reads, cap, when_empty, escapes) [CLASS_##class] = { reads, cap, when_empty, escapes },
#include "logs/fields.def"
#undef LOG_CLASS
};

static const enum class_id class_of[LOG_FIELDS] = {
#define LOG_FIELD(name, class) [LOG_F_##name] = CLASS_##class,
#include "logs/fields.def"
#undef LOG_FIELD
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool compiled; /* pthread_once() is a call for each line */
static struct shape_table table;

const struct shape_class *shape_class(enum log_field f)
{
	return &classes[class_of[f]];
}

static int field_of(struct str name)
{
	for (int f = 0; f < LOG_FIELDS; f++) {
		if (str_eqz(name, field_names[f]))
			return f;
	}
	BUG("shapes.def names a field %.*s that fields.def lacks", STR_ARG(name));
}

/* One part from the front of *pattern: [ literal {field} */
static struct shape_part take_part(const char **pattern)
{
	const char *p = *pattern;
	struct shape_part part = { .field = -1, .tail = *p == '[' };
	const char *start = p += part.tail;
	size_t n;

	p += strcspn(p, "{[]");
	part.literal = str_mem(start, (size_t)(p - start));
	memcpy(&part.head, start, part.literal.n < 8 ? part.literal.n : 8);
	memset(&part.mask, 0xff, part.literal.n < 8 ? part.literal.n : 8);
	if (*p == '{') {
		n = strcspn(p + 1, "}");
		part.field = field_of(str_mem(p + 1, n));
		part.reads = shape_class((enum log_field)part.field)->reads;
		p += n + 2;
	}
	*pattern = p + (*p == ']');
	return part;
}

static void compile(struct shape *s, enum log_family family, const char *pattern)
{
	s->family = family;
	while (*pattern != '\0') {
		MUST(s->n < SHAPE_PARTS);
		s->part[s->n++] = take_part(&pattern);
	}
	MUST(s->n > 0 && !s->part[0].tail);
	s->labelled = s->n > 1;
	for (int i = 1; i < s->n; i++)
		s->labelled =
		    s->labelled && str_starts(s->part[i].literal, STR(" ")) && str_ends(s->part[i].literal, STR(": "));
}

static void index_shape(enum log_kind k)
{
	const struct shape *s = &table.shapes[k];
	unsigned bit = (unsigned)(k - table.first[s->family]);
	struct str lit = s->part[0].literal;

	MUST(bit < 32);
	for (int byte = 0; byte < 256; byte++) {
		if (lit.n == 0 || (unsigned char)lit.p[0] == byte)
			table.candidates[s->family][byte] |= UINT32_C(1) << bit;
	}
}

static void compile_all(void)
{
	for (int k = LOG_EMPTY + 1; k < LOG_KINDS; k++) {
		compile(&table.shapes[k], rows[k].family, rows[k].pattern);
		if (k == LOG_EMPTY + 1 || rows[k].family != rows[k - 1].family)
			table.first[rows[k].family] = (enum log_kind)k;
		index_shape((enum log_kind)k);
	}
}

const struct shape_table *shape_table(void)
{
	if (!atomic_load_explicit(&compiled, memory_order_acquire)) {
		pthread_once(&once, compile_all);
		atomic_store_explicit(&compiled, true, memory_order_release);
	}
	return &table;
}

const struct shape *shape_of(enum log_kind k)
{
	return k > LOG_EMPTY && k < LOG_KINDS ? &shape_table()->shapes[k] : NULL;
}

bool shape_is_label(struct str word)
{
	const struct shape *s = shape_of(LOG_SPAMDYKE_VERDICT);

	for (int i = 1; i < s->n; i++) {
		if (str_eq(word, str_trim(s->part[i].literal)))
			return true;
	}
	return false;
}

static bool is_ip_byte(char c)
{
	char low = c | 0x20;

	return ascii_isdigit(c) || (low >= 'a' && low <= 'f') || c == ':' || c == '.';
}

bool shape_is_ip(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_ip_byte(s.p[i]))
			return false;
	return s.n > 0;
}
