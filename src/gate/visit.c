#include "gate/visit.h"

#include <string.h>
#include "base/fiber.h"
#include "gate/settings.h"

void visit_begin(struct visit *v, struct rules *rules, const struct policy *base, struct facts *f, struct arena *a)
{
	*v = (struct visit){ .filters = gate_filters, .rules = rules, .base = base, .facts = f, .mem = a };
	facts_under(f, base);
}

void visit_anew(struct visit *v)
{
	v->judged = false;
}

static void judge(struct visit *v, const struct policy *p, struct ruling *at, struct arena *a)
{
	facts_under(v->facts, p);
	gate_judge(v->filters, v->facts, at, a);
}

bool visit_sender(struct visit *v, struct arena *message)
{
	bool now = !v->judged;

	facts_under(v->facts, v->base);
	memset(v->facts->waited, 0, sizeof(v->facts->waited));
	if (now) {
		v->connect = (struct ruling){ .at = AT_CONNECT };
		judge(v, v->base, &v->connect, v->mem);
		/* Only the lists for it and a login let a client relay: no whitelist does. */
		if (!v->facts->authenticated)
			v->facts->may_relay = gate_relay(v->facts, &v->relay, &v->relay_by_name);
		v->judged = true;
	}
	v->message = message;
	v->plain = (struct view){ .policy = v->base, .connect = v->connect };
	v->plain.sender = (struct ruling){ .at = AT_SENDER, .standing = v->connect.standing };
	judge(v, v->base, &v->plain.sender, message);
	return now;
}

/* ---- whose settings count ---- */

static bool is_made_of(const struct view *w, const struct config_file *const *files, size_t n, struct str settings)
{
	return w->nfiles == n && (n == 0 || memcmp(w->files, files, n * sizeof(*files)) == 0) &&
	       str_eq(w->settings, settings);
}

static int make_policy(struct visit *v, struct view *w, struct err *e)
{
	struct settings *texts = arena_alloc(v->message, (w->nfiles + 1) * sizeof(*texts));
	size_t n = w->nfiles;

	for (size_t i = 0; i < n; i++)
		texts[i] = settings_of_file(w->files[i]);
	if (w->settings.n > 0)
		texts[n++] = settings_of_accounts(w->settings);
	w->policy = &w->own;
	return policy_over(v->base, texts, n, &v->rules->files, v->message, &w->own, e);
}

static struct view *add_view(struct visit *v, const struct config_file *const *files, size_t n, struct str settings,
			     struct err *e)
{
	struct view *w = arena_alloc(v->message, sizeof(*w));

	w->files = arena_alloc(v->message, (n + 1) * sizeof(*w->files));
	memcpy(w->files, files, n * sizeof(*files));
	w->nfiles = n;
	w->settings = arena_str(v->message, settings);
	if (make_policy(v, w, e) < 0)
		return NULL;
	w->next = v->views;
	v->views = w;
	v->nviews++;
	w->connect = (struct ruling){ .at = AT_CONNECT };
	judge(v, w->policy, &w->connect, v->message);
	w->sender = (struct ruling){ .at = AT_SENDER, .standing = w->connect.standing };
	judge(v, w->policy, &w->sender, v->message);
	return w;
}

/* 0; -1 with *e when the settings cannot be used. */
static int view_of(struct visit *v, const struct config_file *const *files, size_t n, struct str settings,
		   struct view **out, struct err *e)
{
	*out = &v->plain;
	if (n == 0 && settings.n == 0)
		return 0;
	for (*out = v->views; *out != NULL; *out = (*out)->next)
		if (is_made_of(*out, files, n, settings))
			return 0;
	if (v->nviews == VISIT_VIEWS_MAX)
		return 0;
	*out = add_view(v, files, n, settings, e);
	return *out == NULL ? -1 : 0;
}

int visit_recipient(struct visit *v, struct str settings, struct view **out, struct err *e)
{
	const struct facts *f = v->facts;
	const struct config_who who = { f->ip, f->rdns, f->sender, f->rcpt };
	const struct config_file *files[CONFIG_FOUND_MAX];
	size_t n = config_dirs_find(&v->rules->dirs, &who, files);
	struct err again;

	if (view_of(v, files, n, settings, out, e) == 0)
		return 0;
	if (view_of(v, files, n, str_of(NULL), out, &again) < 0)
		*out = &v->plain;
	return -1;
}

void visit_judge(struct visit *v, const struct view *w, struct ruling *at, struct arena *a)
{
	*at = (struct ruling){ .at = AT_RECIPIENT, .standing = w->sender.standing };
	judge(v, w->policy, at, a);
}

void visit_end(struct visit *v)
{
	facts_under(v->facts, v->base);
	for (struct view *w = v->views; w != NULL; w = w->next)
		policy_clear(&w->own, v->base);
	v->views = NULL;
	v->nviews = 0;
	v->plain = (struct view){ .policy = v->base };
	v->message = NULL;
}

/* ---- the message ---- */

static bool asks_dmarc(const struct policy *p)
{
	return !str_eqz(p->set.dmarc, "off");
}

void visit_message(struct visit *v)
{
	const struct policy *p = v->base;

	for (const struct view *w = v->views; w != NULL && !asks_dmarc(p); w = w->next)
		if (asks_dmarc(w->policy))
			p = w->policy;
	facts_under(v->facts, p);
}

/* A refusal of an earlier stage that a whitelist cancelled for this recipient does not come back. */
static const struct ruling *judge_data(struct visit *v, const struct share *x, struct arena *a)
{
	struct ruling *r = arena_alloc(a, sizeof(*r));

	*r = (struct ruling){ .at = AT_DATA, .standing = x->standing };
	r->standing.refused = false;
	judge(v, x->view->policy, r, a);
	fiber_yield(); /* many policies with many patterns hold nobody else */
	return r;
}

static void refuse(struct shares *s, const struct share *x)
{
	s->refused = true;
	s->policy = x->view->policy;
	s->by = x->ruling->standing.by;
}

static bool is_junk(const struct ruling *r)
{
	for (const struct effect *x = r->effects; x != NULL; x = x->next)
		if (strcmp(x->what, EFFECT_JUNK) == 0)
			return true;
	return r->standing.refused;
}

/* spamdyke refuses it for all; of a domain's or a mailbox's own settings nobody else is to suffer. */
static bool refuses_for_all(const struct share *x)
{
	return x->ruling->standing.by.reason == REASON_HEADER_BLACKLISTED && x->view->settings.n == 0;
}

void visit_data(struct visit *v, struct shares *s, struct arena *a)
{
	const struct share *first = NULL, *header = NULL;
	size_t refusing = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct share *x = &s->at[i];
		const struct ruling **once = &x->view->data[x->standing.allowed];

		*once = *once != NULL ? *once : judge_data(v, x, a);
		x->ruling = *once;
		if (!x->ruling->standing.refused)
			continue;
		refusing++;
		first = first == NULL ? x : first;
		if (refuses_for_all(x))
			header = header == NULL ? x : header;
	}
	s->refused = false;
	if (header != NULL || (refusing > 0 && refusing == s->n))
		refuse(s, header != NULL ? header : first);
	for (size_t i = 0; i < s->n; i++)
		s->at[i].junk = !s->refused && is_junk(s->at[i].ruling);
	facts_under(v->facts, v->base);
}
