/* Logins and quotas: asked, and the answers looked at before they are believed. */
#include "lookup/told.h"

enum { ADDRESS_MAX = 1024 };

int lookup_told_login(const struct lookup_login_told *told, struct str user, struct arena *a, struct login_answer *out,
		      struct err *e)
{
	bool named = told->account.n > 0;

	*out = (struct login_answer){ .result = LOGIN_TEMPORARY };
	if (told->result > LOGIN_TEMPORARY || told->wait > LOGIN_WAIT_MAX || (named && !str_ieq(told->account, user)) ||
	    (told->result == LOGIN_YES && !named))
		return err_set(e, "telltale-lookup sent a malformed answer");
	if (told->result == LOGIN_TEMPORARY)
		err_set(e, "passwords cannot be checked now");
	out->result = (enum login)told->result;
	out->account = arena_str(a, told->account);
	out->wait = (int64_t)told->wait;
	return 0;
}

int lookup_told_quota(const struct lookup_quota_told *told, uint64_t *limit, struct err *e)
{
	if (told->known > 1 || told->limit > INT64_MAX)
		return err_set(e, "telltale-lookup sent a malformed answer");
	if (told->known == 0)
		return err_set(e, "the accounts cannot be asked now");
	*limit = told->limit;
	return 0;
}

enum login lookup_login(struct ipc_client *c, struct str user, struct str password, struct str ip, struct arena *a,
			struct login_answer *out, int64_t deadline, struct err *e)
{
	struct lookup_login question = { user, password, ip };
	struct lookup_login_told told;
	struct lookup_call call = { a, &told, deadline, e };

	*out = (struct login_answer){ .result = LOGIN_TEMPORARY };
	if (user.n == 0 || user.n > LOGIN_USER_MAX || password.n > LOGIN_PASSWORD_MAX)
		out->result = LOGIN_NO; /* nobody's, whoever asks */
	else if (lookup_call(c, &lookup_login_type, &question, &lookup_login_told_type, &call) == 0)
		(void)lookup_told_login(&told, user, a, out, e);
	return out->result;
}

int lookup_quota(struct ipc_client *c, struct str address, uint64_t *limit, int64_t deadline, struct err *e)
{
	struct lookup_quota question = { address };
	struct lookup_quota_told told;
	ARENA(a);
	struct lookup_call call = { &a, &told, deadline, e };

	if (address.n > ADDRESS_MAX)
		return err_set(e, "no mailbox has so long an address");
	if (lookup_call(c, &lookup_quota_type, &question, &lookup_quota_told_type, &call) < 0)
		return -1;
	return lookup_told_quota(&told, limit, e);
}
