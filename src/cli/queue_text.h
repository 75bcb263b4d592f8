/* cli/queue_text.h - messages of the queue, as telltale-queue's JSON has them, as text on stdout. */
#ifndef CLI_QUEUE_TEXT_H
#define CLI_QUEUE_TEXT_H

#include <jansson.h>

/* A table, a line for each recipient; what is not shown is said on stderr. */
void queue_print_messages(const json_t *messages);
/* All that is known of one message. */
void queue_print_message(const json_t *m);
/* The answers of summary and of paused. */
void queue_print_summary(const json_t *j);
void queue_print_paused(const json_t *j);

#endif
