#include "payloads.hpp"
#include "timestamp.hpp"

namespace egiz {
namespace {

void write_head(JsonWriter& out, const BoardIdentity& identity, const StatusHead& head, std::string_view status) {
    out.key("device_id").text(identity.device_id);
    out.key("status").text(status);
    out.key("timestamp").text(format_timestamp(head.time_ms).view());
}

void write_hash(JsonWriter& out, std::string_view hash) {
    out.key("reported_hash");
    if (hash.empty()) {
        out.null();
    } else {
        out.text(hash);
    }
}

void write_configuration(JsonWriter& out, const StatusHead& head) {
    out.key("configuration").open_object();
    out.key("revision").unsigned_integer(head.revision);
    write_hash(out, head.reported_hash);
    out.close_object();
}

void write_metadata(JsonWriter& out, const StatusHead& head) {
    out.key("metadata").open_object();
    out.key("boot_id").unsigned_integer(head.boot_id);
    out.key("seq").unsigned_integer(head.seq);
    out.close_object();
}

void write_diagnostics(JsonWriter& out, const Diagnostics& d, std::string_view version) {
    out.key("diagnostics").open_object();
    out.key("free_heap").unsigned_integer(d.heap.free);
    out.key("min_free_heap").unsigned_integer(d.heap.minimum_free);
    out.key("largest_block").unsigned_integer(d.heap.largest_block);
    out.key("wifi_reconnects").unsigned_integer(d.wifi_reconnects);
    out.key("mqtt_reconnects").unsigned_integer(d.mqtt_reconnects);
    out.key("uptime_seconds").unsigned_integer(d.uptime_s);
    out.key("firmware_version").text(version);
    out.key("reset_reason").text(to_string(d.reset_reason));
    if (d.rssi != 0) out.key("rssi").integer(d.rssi);
    out.key("backlog").unsigned_integer(d.backlog);
    out.key("backlog_in_flash").boolean(d.backlog_in_flash);
    out.key("dropped").unsigned_integer(d.dropped);
    out.key("time_synced").boolean(d.time_synced);
    out.key("unhealthy_boots").unsigned_integer(d.unhealthy_boots);
    out.key("safe_mode").boolean(d.safe_mode);
    out.key("health").text(d.health);
    out.close_object();
}

void write_command(JsonWriter& out, const CommandResult& result, std::string_view hash) {
    out.key("command").open_object();
    out.key("id").text(result.id.view());
    out.key("state").text(to_string(result.state));
    out.key("code").text(to_string(result.code));
    out.key("message").text(result.message.view());
    if (result.state == ReportedState::running) out.key("progress").unsigned_integer(result.progress);
    out.key("errors").open_array();
    for (std::size_t i = 0; i < result.errors.stored(); ++i) {
        const FieldError& e = result.errors.at(i);
        out.open_object().key("pointer").text(e.pointer.view()).key("rule").text(e.rule.view());
        out.key("message").text(e.message.view()).close_object();
    }
    out.close_array();
    write_hash(out, hash);
    out.close_object();
}

}  // namespace

void write_status(JsonWriter& out, const BoardIdentity& identity, const StatusHead& head, const Diagnostics& diagnostics,
                  const CommandResult* command) {
    out.open_object();
    write_head(out, identity, head, "online");
    write_diagnostics(out, diagnostics, identity.firmware_version);
    write_metadata(out, head);
    write_configuration(out, head);
    if (command != nullptr) write_command(out, *command, head.reported_hash);
    out.close_object();
}

void write_offline(JsonWriter& out, const BoardIdentity& identity, const StatusHead& head) {
    out.open_object();
    write_head(out, identity, head, "offline");
    out.key("metadata").open_object().key("boot_id").unsigned_integer(head.boot_id).close_object();
    write_configuration(out, head);
    out.close_object();
}

}  // namespace egiz
