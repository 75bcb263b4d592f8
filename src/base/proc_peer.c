#include "base/proc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/ipc.h"

bool proc_peer_allows(struct str peers, const char *role, uid_t uid, uid_t ours)
{
	struct str item, key, value;
	uint64_t n;

	if (uid == 0)
		return true;
	if (peers.n == 0)
		return uid == ours;
	while (peers.n > 0) {
		str_cut(peers, STR(","), &item, &peers);
		if (str_cut(item, STR("="), &key, &value) && (role == NULL || str_eqz(key, role)) &&
		    str_u64(value, UINT32_MAX, &n) && n == uid)
			return true;
	}
	return false;
}

bool proc_peer_is_ours(int fd)
{
	return proc_peer_is(fd, NULL);
}

bool proc_peer_apart(struct str peers, const char *role, uid_t uid)
{
	struct str item, key, value;
	bool found = false;
	uint64_t n;

	while (peers.n > 0 && uid != 0) {
		str_cut(peers, STR(","), &item, &peers);
		if (!str_cut(item, STR("="), &key, &value) || !str_u64(value, UINT32_MAX, &n) || n != uid)
			continue;
		if (!str_eqz(key, role))
			return false;
		found = true;
	}
	return found;
}

static bool user_of(int fd, uid_t *uid, pid_t *pid)
{
	struct err e;
	gid_t gid;

	return ipc_peer(fd, uid, &gid, pid, &e) == 0;
}

/* Where what telltale-pipe starts could be taken for one of us, sessions tell: setsid() comes before its first
 * instruction, and nobody comes back into ours. */
static bool may_be_theirs(struct str peers, const char *role, uid_t uid)
{
	if (role != NULL && strcmp(role, "pipe") == 0)
		return true;
	return peers.n > 0 && uid != 0 && proc_peer_allows(peers, "pipe", uid, 0);
}

bool proc_peer_is(int fd, const char *role)
{
	struct str peers = str_of(getenv("TELLTALE_PEERS"));
	uid_t uid;
	pid_t pid;

	if (!user_of(fd, &uid, &pid) || !proc_peer_allows(peers, role, uid, geteuid()))
		return false;
	return !may_be_theirs(peers, role, uid) || (pid > 0 && getsid(pid) == getsid(0));
}

bool proc_peer_may_command(int fd)
{
	uid_t uid;
	pid_t pid;

	return user_of(fd, &uid, &pid) && (uid == 0 || uid == geteuid());
}
