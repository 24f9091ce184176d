#include "identity.hpp"

#include <algorithm>

namespace egiz {
namespace {

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool valid_thing(const BoardIdentity& identity) {
    const std::size_t colon = identity.thing_id.find(':');
    if (colon == std::string_view::npos) return false;
    return valid_identifier(identity.thing_id.substr(0, colon)) &&
           identity.thing_id.substr(colon + 1) == identity.equipment_id;
}

}  // namespace

bool valid_identifier(std::string_view text) {
    if (text.empty() || text.size() > 64 || !is_alnum(text.front())) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

Result<Topics> make_topics(const BoardIdentity& identity) {
    for (const std::string_view part : {identity.device_id, identity.factory_id, identity.equipment_type,
                                        identity.equipment_id, identity.sensor_type}) {
        if (!valid_identifier(part)) return Err::bad_argument;
    }
    if (!valid_thing(identity)) return Err::bad_argument;
    Topic base;
    bool fits = base.append("openegiz");
    for (const std::string_view part : {identity.factory_id, identity.equipment_type, identity.equipment_id}) {
        fits = fits && base.append("/") && base.append(part);
    }
    Topics topics{base, base, base};
    fits = fits && topics.command.append("/command");
    for (Topic* topic : {&topics.telemetry, &topics.status}) {
        fits = fits && topic->append("/") && topic->append(identity.sensor_type);
    }
    fits = fits && topics.telemetry.append("/telemetry") && topics.status.append("/status");
    return fits ? Result<Topics>(topics) : Result<Topics>(Err::no_space);
}

}  // namespace egiz
