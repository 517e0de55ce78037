#include "daemon/health.h"

#include <stdio.h>

/* what: why */
static void give_reason(struct emit *reasons, const char *what, const char *why)
{
    char text[WHY_TEXT_MAX + 64];
    snprintf(text, sizeof text, "%s%s%s", what, why[0] != '\0' ? ": " : "", why);
    emit_text(reasons, NULL, text);
}

bool health_is_live(const struct snapshot *snapshot, int64_t now_ms, struct emit *reasons)
{
    int64_t taken_ms = snapshot->taken_mono_ms;
    if (taken_ms > 0 && now_ms - taken_ms <= HEALTH_TURN_MAX_MS)
        return true;
    emit_text(reasons, NULL, "the loop does not turn");
    return false;
}

/* A link that is not asked for hinders nobody. */
static bool are_linked(const struct snapshot *snapshot, struct emit *reasons)
{
    static const char *const texts[SIDE_COUNT] = {"no link to the MQTT broker",
                                                  "no link to the upstream MQTT broker"};
    bool are_up = true;
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        const struct snapshot_link *link = &snapshot->links[side];
        if (link->is_connected || (side != SIDE_LOCAL && link->broker[0] == '\0'))
            continue;
        give_reason(reasons, texts[side], link->problem);
        are_up = false;
    }
    return are_up;
}

bool health_is_ready(const struct snapshot *snapshot, int64_t now_ms, struct emit *reasons)
{
    bool is_live = health_is_live(snapshot, now_ms, reasons);
    const struct {
        bool is_so;
        const char *what;
        const char *why;
    } hindrances[] = {
        {snapshot->is_stopping, "the service is stopping", ""},
        {!snapshot->has_journal, "the journal cannot be written", snapshot->journal_problem},
        {snapshot->is_full, "no room: commands are left with the broker", ""},
        {snapshot->breaker != BREAKER_CLOSED, "the Jobs endpoint does not work",
         fault_name(snapshot->last_fault)},
        {snapshot->lacks_credentials, "calls cannot be signed", snapshot->credentials_problem},
    };
    bool is_ready = are_linked(snapshot, reasons) && is_live;
    for (size_t i = 0; i < COUNT_OF(hindrances); i++) {
        if (!hindrances[i].is_so)
            continue;
        give_reason(reasons, hindrances[i].what, hindrances[i].why);
        is_ready = false;
    }
    return is_ready;
}
