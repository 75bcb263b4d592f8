/* cli/replay_inside.h - the gate's half of a replay: what replay_judge.c and replay_facts.c share. */
#ifndef CLI_REPLAY_INSIDE_H
#define CLI_REPLAY_INSIDE_H

#include "cli/replay.h"
#include "gate/visit.h"
#include "gate/vouched.h"

struct replay_gate {
	const struct conf *conf, *was; /* was: NULL, or under which the logs were written */
	struct rules rules, was_rules;
	struct policy was_policy;
	struct policy *policies; /* of each port of conf, and of logs that name none */
	struct ipc_client *lookup;

	/* of one message */
	const struct recorded *m;
	enum recalled recalled[RECALL_FACTS]; /* its facts, and what follows for lists in DNS */
	struct arena *mem;
	struct facts facts;
	struct visit visit;
	struct vouched vouched;
};

/* What is recorded of the message, but for the recipients, as facts; client and sender are set. */
void replay_facts(struct replay_gate *g);
/* Instead of DNS: see facts.recall. */
void replay_answer(const struct facts *f, struct dns_question *q);
void replay_know(struct facts *f, enum fact fact);
void replay_lack(struct facts *f, enum fact fact);

#endif
