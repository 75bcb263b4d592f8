#include "rcpt/rcpt.h"

#include "base/clock.h"

struct rcpt_set rcpt_set_of(const struct conf *c, struct ipc_client *lookup)
{
	return (struct rcpt_set){
		.lookup = lookup,
		.per_message = (size_t)c->recipients.per_message,
		.invalid_per_session = (size_t)c->recipients.invalid_per_session,
		.hostname = c->top.hostname,
		.srs_all = str_eqz(c->forward.srs_accepts, "all"),
	};
}

static void answer(struct rcpt_outcome *out, enum check c)
{
	const struct check_row *row = check_row(c);

	*out = (struct rcpt_outcome){
		.accepted = row->reply < 400,
		.check = row->title[0] == '\0' ? NULL : row,
		.reply = { row->reply, row->enhanced, str_of(row->text) },
	};
}

static void answer_plain(struct rcpt_outcome *out, enum reply_id id)
{
	const struct reply_row *row = reply_row(id);

	*out = (struct rcpt_outcome){ .reply = { row->code, row->enhanced, str_of(row->text) } };
}

static bool intruder(const struct rcpt_set *set, const struct rcpt_state *state)
{
	return state->over || (set->invalid_per_session > 0 && state->invalid >= set->invalid_per_session);
}

bool rcpt_beyond_limits(const struct rcpt_set *set, const struct rcpt_state *state)
{
	return intruder(set, state) || state->accepted >= set->per_message;
}

/* The first one too many is told as such, the others as an intruder's. */
static void turn_away(const struct rcpt_set *set, struct rcpt_state *state, struct rcpt_outcome *out)
{
	if (intruder(set, state)) {
		answer(out, CHECK_INTRUSION);
		return;
	}
	answer(out, CHECK_TOO_MANY);
	out->extra = check_row(CHECK_INTRUSION_THRESHOLD_RCPT);
	state->over = true;
}

static void ask(const struct rcpt_set *set, struct str address, struct arena *a, struct rcpt_found *out,
		int64_t deadline)
{
	struct lookup_answer got = { 0 };

	out->known = lookup_ask(set->lookup, address, a, &got, deadline, &out->why);
	out->targets = got.targets;
	out->n = got.n;
	out->settings = got.settings;
	out->srs = got.srs;
}

/* RFC 5321 4.5.1: <postmaster> without a domain is always somebody: of our name's domain, or of the one above it. */
static void ask_postmaster(const struct rcpt_set *set, struct arena *a, struct rcpt_found *out, int64_t deadline)
{
	struct str domain = set->hostname, label;

	for (int i = 0; i < 2 && domain.n > 0; i++) {
		ask(set, arena_fmt(a, "postmaster@%.*s", STR_ARG(domain)), a, out, deadline);
		if (out->known != RESOLVED_NOT_OURS && out->known != RESOLVED_NO_MAILBOX)
			return;
		str_cut(domain, STR("."), &label, &domain);
	}
	out->unqualified = true;
}

/* original is what the client named, but for mere letter case: then nothing was expanded. */
static void name_originals(struct rcpt_found *out, const struct addr *to, struct arena *a)
{
	struct str as = addr_text(a, to), key = addr_key(a, to);

	for (size_t i = 0; i < out->n; i++)
		out->targets[i].original = str_ieq(out->targets[i].final, key) ? out->targets[i].final : as;
}

static void target_itself(struct rcpt_found *out, const struct addr *to, struct arena *a)
{
	out->targets = arena_alloc(a, sizeof(*out->targets));
	out->targets[0] = (struct recipient){ .final = addr_text(a, to), .channel = CHANNEL_REMOTE };
	out->n = 1;
}

/* A name becomes a folder's: no mailbox here has one that could lead out of it, and no alias or catch-all takes it. */
static bool impossible(struct str local)
{
	for (size_t i = 0; i < local.n; i++)
		if (local.p[i] == '/' || local.p[i] == '\\' || !ascii_isprint(local.p[i]))
			return true;
	return local.n > 0 && local.p[0] == '.';
}

/* A list is asked whether it takes mail of that sender. */
static void ask_lists(const struct rcpt_set *set, struct str sender, struct rcpt_found *out, int64_t deadline)
{
	for (size_t i = 0; i < out->n && !out->barred; i++) {
		bool may = false;

		if (out->targets[i].led != LED_LIST)
			continue;
		if (lookup_post(set->lookup, out->targets[i].final, sender, &may, deadline, &out->why) < 0) {
			out->known = RESOLVED_TEMPORARY;
			out->n = 0;
		}
		out->barred = out->n > 0 && !may;
	}
}

/* The rewritten sender of a forward is there for bounces: to other mail it is nobody. */
static void is_nobody(struct rcpt_found *out)
{
	out->known = RESOLVED_NO_MAILBOX;
	out->srs = SRS_NO_BOUNCE;
	out->n = 0;
}

void rcpt_ask(const struct rcpt_set *set, struct str sender, const struct addr *to, struct arena *a,
	      struct rcpt_found *out, int64_t deadline)
{
	struct addr x = *to;

	*out = (struct rcpt_found){ .known = RESOLVED_NO_MAILBOX };
	if (x.domain.n > 0)
		ask(set, addr_named(a, &x), a, out, deadline);
	else if (str_ieq(x.local, STR("postmaster")))
		ask_postmaster(set, a, out, deadline);
	else
		out->unqualified = true;
	if (out->known == RESOLVED_NOT_OURS && !out->unqualified)
		target_itself(out, &x, a);
	ask_lists(set, sender, out, deadline);
	name_originals(out, &x, a);
	out->impossible = impossible(x.local) && out->srs == SRS_NONE && out->known != RESOLVED_NOT_OURS &&
			  out->known != RESOLVED_TEMPORARY;
	if (out->srs == SRS_GOOD && !set->srs_all && !addr_is_nobody(sender))
		is_nobody(out);
}

/* Whoever names too many that are not here is guessing. */
static void unknown(const struct rcpt_set *set, struct rcpt_state *state, enum check row, struct rcpt_outcome *out)
{
	answer(out, row);
	state->invalid++;
	if (state->invalid == set->invalid_per_session)
		out->extra = check_row(CHECK_INTRUSION_THRESHOLD_INVALID);
}

/* Nobody of that name is here; why, if it could have been somebody's. */
static enum check nobody(const struct rcpt_found *found)
{
	static const enum check rows[SRS_WORDS] = {
		[SRS_NONE] = CHECK_NO_MAILBOX,         [SRS_GOOD] = CHECK_NO_MAILBOX,
		[SRS_FORGED] = CHECK_SRS_FORGED,       [SRS_EXPIRED] = CHECK_SRS_EXPIRED,
		[SRS_NO_BOUNCE] = CHECK_SRS_NO_BOUNCE,
	};

	return rows[found->srs];
}

void rcpt_judge(const struct rcpt_set *set, struct rcpt_state *state, const struct rcpt_found *found,
		struct rcpt_outcome *out)
{
	static const enum check rows[] = {
		[RESOLVED_MAILBOX] = CHECK_FOUND,         [RESOLVED_ALIAS] = CHECK_FOUND,
		[RESOLVED_CATCHALL] = CHECK_CATCHALL,     [RESOLVED_NOT_OURS] = CHECK_RELAY_DENIED,
		[RESOLVED_OVER_QUOTA] = CHECK_OVER_QUOTA, [RESOLVED_TEMPORARY] = CHECK_NO_AUTH_RESOURCE,
	};

	if (rcpt_beyond_limits(set, state))
		turn_away(set, state, out);
	else if (found->unqualified)
		answer(out, CHECK_NO_DOMAIN);
	else if (found->impossible)
		unknown(set, state, CHECK_RCPT_SYNTAX, out);
	else if (found->barred)
		answer(out, CHECK_LIST_CLOSED);
	else if (found->known == RESOLVED_LOOP)
		answer_plain(out, REPLY_ALIAS_LOOP);
	else if (found->known == RESOLVED_NO_MAILBOX)
		unknown(set, state, nobody(found), out);
	else if (found->known == RESOLVED_NOT_OURS && state->may_relay)
		answer(out, CHECK_RELAYING);
	else
		answer(out, rows[found->known]);
	if (out->accepted)
		state->accepted++;
}

static struct str day_of(struct arena *a, int64_t ms)
{
	int64_t seconds = ms / 1000;
	struct civil c = civil_of_seconds(seconds + zone_offset(seconds));

	return arena_fmt(a, "%04d-%02d-%02d", c.year, c.month, c.day);
}

enum { REASON_SHOWN = 160 };

void rcpt_suppress(struct rcpt_state *state, const struct suppressed *x, struct arena *a, struct rcpt_outcome *out)
{
	struct str until = x->until > 0 ? arena_fmt(a, " before %.*s", STR_ARG(day_of(a, x->until))) : STR("");

	answer(out, CHECK_SUPPRESSED);
	state->accepted--;
	out->reply.text =
	    arena_fmt(a,
		      "5.1.1 sorry, mail from you to that address failed on %.*s (%.*s), so it is not sent there"
		      "%.*s; your postmaster can take it off your list (chkuser)",
		      STR_ARG(day_of(a, x->since)), STR_ARG(str_take(x->reason, REASON_SHOWN)), STR_ARG(until));
}
