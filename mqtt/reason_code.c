#include "mqtt/reason_code.h"

#include "base/attr.h"

#include <MQTTReasonCodes.h>

const char *reason_code_text(int code)
{
    switch (code) {
    case 0x00:
        return "it closed the session";
    case 0x80:
        return "no reason given";
    case 0x87:
        return "not authorized";
    case 0x8b:
        return "it is shutting down";
    case 0x8d:
        return "it heard nothing from us within the keep alive time";
    case REASON_CODE_TAKEN_OVER:
        return "another connection took over the session";
    default:
        break;
    }
    const char *text = MQTTReasonCode_toString((enum MQTTReasonCodes)code);
    return text != NULL ? text : "for a reason unknown to this client";
}

const char *reason_code_connack(int code)
{
    static const char *const v3[] = {
        [1] = "it does not speak this version of MQTT: see mqtt.version",
        [2] = "it does not accept the client id",
        [3] = "it is not available",
        [4] = "bad user name or password",
        [5] = "not authorized",
    };
    if (code > 0 && (size_t)code < COUNT_OF(v3))
        return v3[code];
    switch (code) {
    case 0x84:
        return v3[1];
    case 0x85:
        return v3[2];
    case 0x86:
        return v3[4];
    case 0x88:
        return v3[3];
    default:
        return reason_code_text(code);
    }
}
