#include "supervise/rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { DAY = 86400, LOOK = 60 * 1000, LOOK_TEST = 200 /* ms */ };

/* Who owns logs; the last is who we are: server.log is ours. */
static const char *const owners[] = { "telltale-smtpd", "telltale-queue", NULL };

static int64_t offset_of(const struct conf *c, int64_t seconds)
{
	return str_eqz(c->logs.time, "utc") ? 0 : zone_offset(seconds);
}

static int64_t today(const struct conf *c)
{
	int64_t now = clock_wall() / 1000;

	return (now + offset_of(c, now)) / DAY;
}

/* A log that was last written on an earlier day, or one that was renamed and still stands plain. */
static bool left_behind(const struct conf *c, int dir, const char *name, int64_t day)
{
	struct str s = str_of(name);
	struct stat st;

	if (str_find(s, STR(".log.")) > 0)
		return true;
	return str_ends(s, STR(".log")) && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0 &&
	       (st.st_mtim.tv_sec + offset_of(c, st.st_mtim.tv_sec)) / DAY < day;
}

static bool anything_left(const struct conf *c, int64_t day)
{
	DIR *dir = opendir(conf_z(c->top.log_dir));
	const struct dirent *x;
	bool found = false;

	while (dir != NULL && !found && (x = readdir(dir)) != NULL)
		found = left_behind(c, dirfd(dir), x->d_name, day);
	if (dir != NULL)
		closedir(dir);
	return found;
}

void rotation_begin(struct rotation *r, const struct conf *c)
{
	r->day = today(c);
	r->due = anything_left(c, r->day);
}

static bool same_user(const struct proc_user *a, const struct proc_user *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || a->uid == b->uid);
}

/* The next owner that is somebody else than those before. */
static bool next_owner(struct rotation *r, const struct proc_user **user)
{
	while (r->next < COUNT(owners)) {
		unsigned i = r->next++;
		bool again = false;

		*user = owners[i] != NULL ? users_of(r->errand.users, owners[i]) : NULL;
		for (unsigned k = 0; k < i; k++)
			again = again || same_user(*user, users_of(r->errand.users, owners[k]));
		if (!again)
			return true;
	}
	return false;
}

int64_t rotation_tick(struct rotation *r, const struct generation *g)
{
	const struct conf *c = &g->conf;
	int64_t day = today(c), now = clock_wall() / 1000, left = DAY - (now + offset_of(c, now)) % DAY;
	const struct proc_user *user;

	if (day > r->day)
		r->due = true;
	r->day = day; /* also backwards: then a day comes twice, and what was rotated has nothing of an earlier one */
	if (r->errand.pid == 0 && r->due && str_eqz(c->logs.rotate, "daily")) {
		if (next_owner(r, &user))
			(void)errand_start(&r->errand, g, user);
		else
			r->due = false, r->next = 0;
	}
	if (clock_begin())
		return LOOK_TEST;
	return left * 1000 < LOOK ? left * 1000 : LOOK;
}
