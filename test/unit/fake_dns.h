/* A telltale-dns that is a thread of the test, and what the gate found by asking it. */
#ifndef FAKE_DNS_H
#define FAKE_DNS_H

#include "fake_server.h"

#include <stdatomic.h>
#include "ruling.h"

static atomic_int questions;

/* The test's: what is told about that name; false: it is never answered. */
static bool tell(struct str name, uint64_t type, struct dns_told *told);

static bool hear(struct ipc_conn *c, const struct ipc_frame *f)
{
	struct dns_told told = { 0 };
	struct dns_ask q;
	struct err e;

	if (ipc_unpack(f->body, &dns_ask_type, &q, &e) < 0)
		return false;
	atomic_fetch_add(&questions, 1);
	if (tell(q.name, q.rrtype, &told))
		ipc_send(c, &dns_told_type, f->id, &told, -1, deadline_in(5000), &e);
	return true;
}

#endif
