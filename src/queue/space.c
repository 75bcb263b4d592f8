#include "queue/space.h"

#include <inttypes.h>
#include <sys/statvfs.h>

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool space_left(int fd, uint64_t size, struct err *e)
{
	struct statvfs v;
	uint64_t unit, reserve;

	if (fstatvfs(fd, &v) < 0) {
		err_sys(e, "ask for the free space of the spool's disk");
		return false;
	}
	unit = v.f_frsize;
	reserve = least(SPACE_RESERVE, (uint64_t)v.f_blocks * unit / 8);
	if ((uint64_t)v.f_bavail * unit < reserve + size) {
		err_set(e, "the spool's disk has no room for %" PRIu64 " bytes", size);
		return false;
	}
	/* Some file systems count none. */
	if (v.f_files > 0 && v.f_favail <= least(SPACE_INODES, (uint64_t)v.f_files / 8)) {
		err_set(e, "the spool's disk has no room for more files");
		return false;
	}
	return true;
}
