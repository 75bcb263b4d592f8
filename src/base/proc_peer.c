#include "base/proc.h"

#include <stdlib.h>
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

static bool user_of(int fd, uid_t *uid)
{
	struct err e;
	gid_t gid;
	pid_t pid;

	return ipc_peer(fd, uid, &gid, &pid, &e) == 0;
}

bool proc_peer_is(int fd, const char *role)
{
	uid_t uid;

	return user_of(fd, &uid) && proc_peer_allows(str_of(getenv("TELLTALE_PEERS")), role, uid, geteuid());
}

bool proc_peer_may_command(int fd)
{
	uid_t uid;

	return user_of(fd, &uid) && (uid == 0 || uid == geteuid());
}
