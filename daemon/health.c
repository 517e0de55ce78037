#include "daemon/health.h"

#include "base/emit.h"

void health_init(struct health *health)
{
    atomic_init(&health->mqtt_up, false);
    atomic_init(&health->has_journal, true);
    atomic_init(&health->is_full, false);
    atomic_init(&health->endpoint, HEALTH_ENDPOINT_UNKNOWN);
    atomic_init(&health->last_turn_ms, 0);
}

void health_set_mqtt(struct health *health, bool is_up)
{
    health->mqtt_up = is_up;
}

void health_set_full(struct health *health, bool is_full)
{
    health->is_full = is_full;
}

void health_set_journal(struct health *health, bool works)
{
    health->has_journal = works;
}

void health_set_endpoint(struct health *health, enum health_endpoint state)
{
    health->endpoint = (int)state;
}

void health_set_turn(struct health *health, int64_t now_ms)
{
    health->last_turn_ms = now_ms;
}

static bool is_turning(const struct health *health, int64_t now_ms)
{
    int64_t last_turn_ms = health->last_turn_ms;
    return last_turn_ms > 0 && now_ms - last_turn_ms <= HEALTH_TURN_MAX_MS;
}

bool health_is_live(const struct health *health, int64_t now_ms, struct emit *reasons)
{
    if (is_turning(health, now_ms))
        return true;
    emit_text(reasons, NULL, "the loop does not turn");
    return false;
}

bool health_is_ready(const struct health *health, int64_t now_ms, struct emit *reasons)
{
    bool is_live = health_is_live(health, now_ms, reasons);
    bool is_down = health->endpoint == HEALTH_ENDPOINT_DOWN;
    bool has_mqtt = health->mqtt_up;
    bool has_journal = health->has_journal;
    bool is_full = health->is_full;
    if (!has_mqtt)
        emit_text(reasons, NULL, "no link to the MQTT broker");
    if (!has_journal)
        emit_text(reasons, NULL, "the journal cannot be written");
    if (is_full)
        emit_text(reasons, NULL, "no room: commands are left with the broker");
    if (is_down)
        emit_text(reasons, NULL, "the Jobs endpoint does not answer");
    return is_live && has_mqtt && has_journal && !is_full && !is_down;
}
