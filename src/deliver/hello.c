#include "deliver/hello.h"

#include "base/proc.h"

/* telltale-digest is the user of telltale-search. */
static const struct {
	char letter;
	const char *user;
} peers[] = {
	{ 's', "smtpd" },  { 'l', "local" }, { 'r', "remote" }, { 'p', "pipe" },
	{ 't', "policy" }, { 'w', "web" },   { 'd', "search" },
};

char hello_role(int fd, const struct ipc_frame *f, struct err *e)
{
	struct queue_hello m;

	if (f->type != queue_hello_number) {
		err_set(e, "message %u before a hello", f->type);
		return 0;
	}
	if (ipc_unpack(f->body, &queue_hello_type, &m, e) < 0)
		return 0;
	for (size_t i = 0; i < COUNT(peers); i++)
		if (m.role.n == 1 && m.role.p[0] == peers[i].letter && proc_peer_is(fd, peers[i].user))
			return peers[i].letter;
	err_set(e, "a hello of nobody we know, or from another user");
	return 0;
}
