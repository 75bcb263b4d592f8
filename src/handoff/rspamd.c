#include "handoff/rspamd.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/fiber.h"
#include "base/io.h"
#include "handoff/transfer.h"

/* rspamd refuses a question with more than 80 KiB of fields: many recipients must be no way around it. */
enum { ASKED_MAX = 48 * 1024, VALUE_MAX = 1024 };

struct rspamd {
	struct rspamd_set set;
	char url[160];
	pthread_mutex_t lock;
	struct cond turn; /* a question ended */
	size_t running;
};

/* One question on its way. */
struct ask {
	const struct rspamd *r;
	CURL *easy;
	struct curl_slist *fields;
	size_t asked; /* bytes of them */
	/* the message: the head, then the pieces of the body */
	const struct rspamd_question *q;
	size_t piece, at;
	/* the answer */
	struct buf body;
	struct transfer_answer answer;
	int64_t deadline;
};

/* ---- one per program ---- */

static void url_of(struct rspamd *r)
{
	const struct service *s = &r->set.at;

	/* behind "inet:" or "inet6:" stands what a URL wants */
	snprintf(r->url, sizeof(r->url), "http://%s/checkv2", s->port == 0 ? "localhost" : strchr(s->text, ':') + 1);
}

struct rspamd *rspamd_new(const struct rspamd_set *set, struct err *e)
{
	struct rspamd *r;

	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
		err_set(e, "libcurl cannot be used");
		return NULL;
	}
	json_object_seed(0); /* by chance, while /dev/urandom can be read: keys in answers are strangers' */
	r = mem_alloc(sizeof(*r));
	r->set = *set;
	pthread_mutex_init(&r->lock, NULL);
	cond_init(&r->turn);
	url_of(r);
	return r;
}

void rspamd_free(struct rspamd *r)
{
	if (r == NULL)
		return;
	cond_clear(&r->turn);
	pthread_mutex_destroy(&r->lock);
	free(r);
	curl_global_cleanup();
}

static int take_turn(struct rspamd *r, int64_t deadline)
{
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	while (r->running >= r->set.most && rc == 0) {
		if (clock_mono() >= deadline)
			rc = -1;
		else
			cond_wait(&r->turn, &r->lock, deadline);
	}
	if (rc == 0)
		r->running++;
	pthread_mutex_unlock(&r->lock);
	return rc;
}

static void end_turn(struct rspamd *r)
{
	pthread_mutex_lock(&r->lock);
	r->running--;
	cond_signal(&r->turn);
	pthread_mutex_unlock(&r->lock);
}

/* ---- the request ---- */

static void put_field(struct ask *x, const char *name, struct str value)
{
	struct curl_slist *more;
	BUF(line);

	if (value.n == 0)
		return;
	buf_fmt(&line, "%s: ", name);
	buf_addstr(&line, str_take(value, VALUE_MAX));
	x->asked += line.n + 2;
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
			line.p[i] = '?';
	more = curl_slist_append(x->fields, buf_z(&line));
	MUST(more != NULL); /* no memory */
	x->fields = more;
}

static void put_fields(struct ask *x)
{
	const struct rspamd_question *q = x->q;

	/* libcurl's own, which rspamd would wait for or read as something else */
	x->fields = curl_slist_append(NULL, "Expect:");
	x->fields = curl_slist_append(x->fields, "Content-Type:");
	MUST(x->fields != NULL);
	put_field(x, "From", q->from);
	for (size_t i = 0; i < q->nrcpts && x->asked < ASKED_MAX; i++)
		put_field(x, "Rcpt", q->rcpts[i]);
	put_field(x, "IP", q->ip);
	put_field(x, "Helo", q->helo);
	put_field(x, "Hostname", q->hostname);
	put_field(x, "User", q->user);
	put_field(x, "Queue-Id", q->id);
	put_field(x, "Deliver-To", q->deliver_to);
	put_field(x, "MTA-Name", str_of(x->r->set.hostname));
	put_field(x, "Password", str_of(x->r->set.password));
}

static curl_off_t size_of(const struct rspamd_question *q)
{
	size_t n = q->head.n;

	for (size_t i = 0; i < q->nbody; i++)
		n += q->body[i].n;
	return (curl_off_t)n;
}

/* Piece 0 is the head. */
static size_t give(char *to, size_t size, size_t count, void *arg)
{
	struct ask *x = arg;
	size_t room = size * count, n = 0;

	while (n < room && x->piece <= x->q->nbody) {
		struct str piece = x->piece == 0 ? x->q->head : x->q->body[x->piece - 1];
		struct str part = str_take(str_skip(piece, x->at), room - n);

		if (part.n > 0)
			memcpy(to + n, part.p, part.n);
		n += part.n;
		x->at += part.n;
		if (x->at == piece.n) {
			x->piece++;
			x->at = 0;
		}
	}
	return n;
}

/* ---- the question ---- */

static void prepare(struct ask *x)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&x->r->set.at.at;
	CURL *easy = x->easy;

	transfer_prepare(easy, &x->answer);
	curl_easy_setopt(easy, CURLOPT_URL, x->r->url);
	if (x->r->set.at.port == 0)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, un->sun_path);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->fields);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size_of(x->q));
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(easy, CURLOPT_READDATA, x);
}

static int transfer(struct ask *x, struct err *e)
{
	int64_t began = clock_mono();
	CURLcode rc = transfer_run(x->easy, x->deadline);
	long status = 0;

	if (x->answer.too_long)
		return err_set(e, "an answer of more than %d bytes", RSPAMD_ANSWER_MAX);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, "no answer within %.1f s", (double)(clock_mono() - began) / 1000);
	if (rc != CURLE_OK)
		return err_set(e, "%s", transfer_why(&x->answer, rc));
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? 0 : err_set(e, "HTTP status %ld", status);
}

static int ask(struct ask *x, struct err *e)
{
	int rc;

	x->answer = (struct transfer_answer){ .body = &x->body, .most = RSPAMD_ANSWER_MAX };
	x->easy = curl_easy_init();
	MUST(x->easy != NULL); /* no memory */
	put_fields(x);
	prepare(x);
	rc = transfer(x, e);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->fields);
	return rc;
}

int rspamd_ask(struct rspamd *r, const struct rspamd_question *q, int64_t deadline, struct arena *a,
	       struct rspamd_answer *out, struct err *e)
{
	struct ask x = { .r = r, .q = q, .deadline = deadline };
	int rc;

	if (take_turn(r, deadline) < 0)
		return err_set(e, "rspamd at %s: %zu questions are running, and none ended in time", r->set.at.text,
			       r->set.most);
	rc = ask(&x, e);
	end_turn(r);
	if (rc == 0)
		rc = rspamd_read(buf_str(&x.body), a, out, e);
	buf_clear(&x.body);
	return rc < 0 ? err_wrap(e, "rspamd at %s", r->set.at.text) : 0;
}
