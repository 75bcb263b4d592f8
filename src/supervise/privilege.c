#include "supervise/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

static const int kept[] = { CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_NET_BIND_SERVICE };

static bool is_kept(int cap)
{
	for (size_t i = 0; i < COUNT(kept); i++)
		if (kept[i] == cap)
			return true;
	return false;
}

/* The kernel knows how many there are: it refuses the first that is none. */
static int narrow_bounds(struct err *e)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!is_kept(cap) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(e, "drop capability %d", cap);
	return 0;
}

int privilege_keep_few(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (size_t i = 0; i < COUNT(kept); i++) {
		uint32_t bit = UINT32_C(1) << (kept[i] & 31);

		data[kept[i] / 32].permitted |= bit;
		data[kept[i] / 32].effective |= bit;
	}
	if (narrow_bounds(e) < 0)
		return -1;
	if (syscall(SYS_capset, &head, data) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "give up root's power");
	return 0;
}
