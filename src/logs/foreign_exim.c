/* Exim's main log: ID FLAG ADDRESS KEY=VALUE ..., and the refusals that have no id. */
#include <pthread.h>
#include <string.h>

#include "base/cur.h"
#include "logs/foreign_fit.h"

static const struct foreign_row rows[] = {
#define EXIM(k, p) { STR_INIT("*"), '-', FOREIGN_EXIM, FOREIGN_##k, (p) },
#include "logs/exim.def"
#undef EXIM
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct foreign_table table;

static void compile_table(void)
{
	foreign_compile(&table, rows, COUNT(rows));
}

/* What stands behind KEY= goes where. */
static const struct {
	const char *key;
	enum foreign_field field;
} keys[] = {
	{ "U", FF_skip },   { "A", FF_method },  { "S", FF_bytes },       { "id", FF_message_id },
	{ "R", FF_title },  { "T", FF_channel }, { "F", FF_sender },      { "X", FF_encryption },
	{ "C", FF_text },   { "P", FF_skip },    { "H", FF_client },      { "I", FF_skip },
	{ "DT", FF_delay }, { "QT", FF_skip },   { "CV", FF_skip },       { "DN", FF_skip },
	{ "K", FF_skip },   { "L", FF_skip },    { "M8S", FF_skip },      { "PRX", FF_skip },
	{ "RT", FF_skip },  { "DKIM", FF_skip }, { "SNI", FF_skip },      { "Ci", FF_skip },
	{ "TFO", FF_skip }, { "PRDR", FF_skip }, { "CHUNKING", FF_skip }, { "DS", FF_skip },
};

static const struct {
	const char *flag;
	enum foreign_kind kind;
} flags[] = {
	{ "<=", FOREIGN_QUEUED }, { "=>", FOREIGN_RESULT }, { "->", FOREIGN_RESULT }, { ">>", FOREIGN_RESULT },
	{ "*>", FOREIGN_RESULT }, { "**", FOREIGN_RESULT }, { "==", FOREIGN_RESULT },
};

static bool is_key_byte(char c)
{
	return ascii_isalnum(c);
}

/* "..." with backslashes: up to its closing quote, which is taken. */
static struct str quoted(struct cur *c)
{
	const char *from = c->p;

	while (!cur_end(c) && cur_peek(c) != '"')
		if (cur_next(c) == '\\')
			cur_next(c);
	if (cur_ok(c) && c->p < c->end) {
		struct str s = str_mem(from, (size_t)(c->p - from));

		cur_next(c);
		return s;
	}
	return str_mem(from, (size_t)(c->p - from));
}

static bool not_space(char c)
{
	return c != ' ';
}

/* H=NAME (HELO) [IP]:PORT, as far as it goes. */
static struct str host(struct cur *c)
{
	const char *from = c->p, *end;

	cur_span(c, not_space, NULL);
	end = c->p;
	for (int i = 0; i < 2; i++) {
		struct cur ahead = *c;

		if (!cur_tryz(&ahead, " (") && !cur_tryz(&ahead, " ["))
			break;
		cur_span(&ahead, not_space, NULL);
		*c = ahead;
		end = c->p;
	}
	return str_mem(from, (size_t)(end - from));
}

/* A word; what stands in quotes inside it may have spaces: "a b"@example.com, <"a b"@example.com>. */
static struct str address(struct cur *c)
{
	const char *from = c->p;
	bool in_quotes = false;

	while (!cur_end(c) && (in_quotes || cur_peek(c) != ' ')) {
		int byte = cur_next(c);

		if (byte == '"')
			in_quotes = !in_quotes;
		else if (byte == '\\' && in_quotes)
			cur_next(c);
	}
	return str_mem(from, (size_t)(c->p - from));
}

static struct str value(struct cur *c, const char *key)
{
	struct str s;

	if (cur_try(c, '"'))
		return quoted(c);
	if (cur_peek(c) == '<')
		return address(c);
	s = strcmp(key, "H") == 0 ? host(c) : cur_span(c, not_space, NULL);
	return str_ends(s, STR(":")) ? str_take(s, s.n - 1) : s;
}

static void keep(struct foreign_line *out, enum foreign_field f, struct str v)
{
	if (f == FF_client) {
		struct str helo = out->field[FF_helo];

		if (!foreign_read_client(v, out))
			out->field[FF_peer] = v, out->field[FF_helo] = helo;
	} else if (f == FF_sender && v.n >= 2 && v.p[0] == '<' && v.p[v.n - 1] == '>') {
		out->field[f] = str_mem(v.p + 1, v.n - 2);
	} else if (f == FF_method) { /* A=authenticator:user */
		str_cut(v, STR(":"), &out->field[FF_method], &out->field[FF_user]);
	} else if (f != FF_skip) {
		out->field[f] = v;
	}
}

/* Flags without a value, between the others: " K" (sent in chunks), " L", " PRDR", " TFO". */
static bool take_flag(struct cur *c)
{
	static const char *const bare[] = { " K ", " L ", " PRDR ", " TFO " };

	for (size_t i = 0; i < COUNT(bare); i++)
		if (str_starts(cur_rest(c), str_of(bare[i]))) {
			cur_take(c, strlen(bare[i]) - 1, NULL);
			return true;
		}
	return false;
}

static bool is_upper(struct str key)
{
	for (size_t i = 0; i < key.n; i++)
		if (ascii_isalpha(key.p[i]) && ascii_lower(key.p[i]) == key.p[i])
			return false;
	return key.n <= 8;
}

/* One " KEY=VALUE"; false: something else stands here. */
static bool take_key(struct cur *c, struct foreign_line *out)
{
	struct cur at = *c;
	struct str key;

	while (cur_try(&at, ' '))
		;
	key = cur_span(&at, is_key_byte, "key");
	cur_want(&at, '=', "=");
	for (size_t i = 0; i < COUNT(keys) && cur_ok(&at); i++) {
		if (!str_eqz(key, keys[i].key))
			continue;
		keep(out, keys[i].field, value(&at, keys[i].key));
		*c = at;
		return true;
	}
	if (!cur_ok(&at) || !is_upper(key))
		return false;
	value(&at, ""); /* one that we do not know: "SPF=fail" */
	*c = at;
	return true;
}

static void take_keys(struct cur *c, struct foreign_line *out)
{
	while (take_flag(c) || take_key(c, out))
		if (c->p > c->start && c->p[-1] == ':')
			break;
}

/* ADDRESS, or "ADDRESS <ORIGINAL>", a file or a pipe with its owner: "|/bin/vacation <u@d>"; up to the first key. */
static void take_address(struct cur *c, struct foreign_line *out)
{
	struct str all = cur_rest(c), to = all;
	struct cur ahead = *c;
	size_t word = address(&ahead).n;
	ptrdiff_t open, close;

	for (size_t i = word > 0 ? word - 1 : 0; i + 3 < all.n; i++) {
		bool key = all.p[i] == ' ' && (all.p[i + 2] == '=' || (all.p[i + 3] == '=' && all.p[i + 1] != ' '));

		/* ":blackhole: <user@example.com>" is an address */
		if (key || (all.p[i] == ':' && all.p[i + 1] == ' ' && all.p[i + 2] != '<')) {
			to = str_take(all, i);
			break;
		}
	}
	cur_take(c, to.n, NULL);
	open = str_rchr(to, '<');
	close = str_rchr(to, '>');
	if (open > 0 && close > open) {
		out->field[FF_original] = str_mem(to.p + open + 1, (size_t)(close - open) - 1);
		to = str_take(to, (size_t)open);
	}
	out->field[FF_rcpt] = str_trim(to);
}

/* <= SENDER KEY=VALUE ... [from <SENDER>] [for RCPT RCPT] */
static void read_arrival(struct cur *c, struct foreign_line *out)
{
	out->field[FF_sender] = address(c);
	if (str_eqz(out->field[FF_sender], "<>"))
		out->field[FF_sender] = STR("");
	take_keys(c, out);
	out->field[FF_parent] = out->field[FF_title]; /* R= here is the message that bounced */
	out->field[FF_title] = out->field[FF_channel] = (struct str){ NULL, 0 }; /* T= is the subject */
	if (cur_tryz(c, " from "))
		address(c);
	if (cur_tryz(c, " for "))
		out->field[FF_rcpts] = cur_rest(c);
}

bool foreign_next_rcpt(struct str *rest, struct str *rcpt)
{
	struct cur c = cur_of(str_trim(*rest));

	*rcpt = address(&c);
	*rest = cur_rest(&c);
	return str_chr(*rcpt, '@') > 0;
}

/* FLAG ADDRESS KEY=VALUE ... [: TEXT] */
static void read_result(struct cur *c, struct foreign_line *out)
{
	struct str rest;

	take_address(c, out);
	take_keys(c, out);
	rest = str_trim(cur_rest(c));
	if (str_starts(rest, STR(": ")))
		rest = str_skip(rest, 2);
	if (rest.n > 0)
		out->field[FF_text] = rest;
}

static bool read_flagged(struct cur *c, struct foreign_line *out)
{
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct cur at = *c;

		if (!cur_tryz(&at, flags[i].flag) || !cur_try(&at, ' '))
			continue;
		out->kind = flags[i].kind;
		out->field[FF_status] = str_of(flags[i].flag);
		if (out->kind == FOREIGN_QUEUED)
			read_arrival(&at, out);
		else
			read_result(&at, out);
		return true;
	}
	return false;
}

static bool fit_rows(struct str text, struct foreign_line *out)
{
	struct foreign_rows may = foreign_rows(&table, STR(""), FOREIGN_BARE, text);
	size_t row;

	while ((row = foreign_next(&table, &may, text)) < table.n) {
		struct foreign_line at = *out;

		if (!foreign_fits(&table, row, text, &at))
			continue;
		*out = at;
		return true;
	}
	return false;
}

/* H=... F=... rejected ... */
static bool read_refusal(struct cur *c, struct foreign_line *out)
{
	struct str text, now = STR("temporarily rejected");
	struct cur at = *c;

	take_keys(&at, out);
	text = str_trim(cur_rest(&at));
	if (!fit_rows(text, out))
		return false;
	if (out->kind == FOREIGN_REJECT && str_starts(text, now))
		out->field[FF_status] = str_take(text, now.n);
	return true;
}

bool foreign_read_exim(struct foreign_line *out)
{
	pthread_once(&once, compile_table);

	struct cur c = cur_of(out->frame.rest);
	struct str id = cur_span(&c, not_space, NULL);
	bool queued = foreign_is_exim_id(id);

	out->server = FOREIGN_EXIM;
	if (!queued)
		c = cur_of(out->frame.rest);
	else if (!cur_try(&c, ' '))
		return false;
	if (queued)
		out->field[FF_id] = id;
	if (queued && (read_flagged(&c, out)))
		return true;
	if (queued && str_starts(cur_rest(&c), STR("Completed"))) {
		out->kind = FOREIGN_REMOVED;
		return true;
	}
	if (read_refusal(&c, out))
		return true;
	out->kind = queued ? FOREIGN_NOTE : FOREIGN_UNKNOWN;
	return queued;
}
