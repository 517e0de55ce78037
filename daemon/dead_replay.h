/* Publishes the command of a dead letter again, where it came from and as it arrived, but for a
 * Response Topic, which may be what the broker refused: its answer goes to the topic made of its
 * own. */
#ifndef DAEMON_DEAD_REPLAY_H
#define DAEMON_DEAD_REPLAY_H

#include "daemon/config.h"
#include "daemon/verb.h"
#include "store/dead_letter.h"

/* VERB_OK once the broker has it; VERB_REFUSED: it refused it; VERB_NO_ANSWER. What is not OK has
 * been told. */
enum verb_exit dead_replay(const struct config *config, const struct dead_letter *letter,
                           int64_t timeout_ms);

#endif
