// The session with the broker: connect, publish, notice when it is gone.
#include <algorithm>

#include "board.hpp"
#include "plausible.hpp"

namespace egiz {
namespace {
constexpr std::uint64_t connect_timeout_ms = 20'000;
// Certificates and timestamps want the true time, but a missing time server must not keep a board silent.
constexpr std::uint64_t wait_for_time_ms = 15'000;
// Unacknowledged for this long: telemetry goes to flash, in case power goes next.
constexpr std::uint64_t ack_slow_ms = 5'000;
// And for this long: the connection is dead even if TCP has not noticed.
constexpr std::uint64_t ack_dead_ms = 30'000;
constexpr std::uint64_t refused_pause_ms = 10'000;
}  // namespace

void Board::session_step(std::uint64_t now) {
    if (!ports_.network.up()) {
        network_since_ = 0;
        if (link_ != Link::waiting) lose_connection(true);
        return;
    }
    if (network_since_ == 0) network_since_ = std::max<std::uint64_t>(now, 1);
    if (reconnect_due_ && outbox_.size() == 0) {
        reconnect_due_ = false;
        if (link_ != Link::waiting) lose_connection(true);
        retry_at_ = now;
    }
    if (link_ == Link::waiting && now >= retry_at_) try_connect(now);
    const bool settled = link_ == Link::online && subscribed_;
    if (link_ != Link::waiting && !settled && now >= link_deadline_) lose_connection(true);
    if (settled) watch_acknowledgements(now);
    if (settled && now >= next_heartbeat_) {
        heartbeat_due_ = true;
        next_heartbeat_ = now + std::uint64_t{config_.active().settings.heartbeat_interval_s} * 1000;
    }
}

void Board::try_connect(std::uint64_t now) {
    if (!time_.synced() && now < network_since_ + wait_for_time_ms) {
        retry_at_ = now + 250;
        return;
    }
    JsonWriter will(will_);
    write_offline(will, identity_, status_head());
    will_size_ = will.view().size();
    const BoardSettings& settings = config_.active().settings;
    ConnectRequest request;
    request.will = {topics_.status.view(), {will_.data(), will_size_}, 2, true};
    request.receive_maximum = 16;
    request.host = settings.broker_host.view();
    request.port = settings.broker_port;
    link_deadline_ = now + connect_timeout_ms;
    link_ = Link::connecting;
    if (!ports_.mqtt.connect(request)) lose_connection(false);
}

void Board::lose_connection(bool close) {
    if (!subscribed_) health_.connect_failed(ports_.system.heap());
    if (close) ports_.mqtt.disconnect(false);
    link_ = Link::waiting;
    subscribed_ = false;
    publisher_.connection_lost();
    outbox_.connection_lost();
    backlog_.set_offline(true);
    retry_at_ = ports_.clock.monotonic_ms() + reconnect_.next_ms(ports_.random);
}

void Board::on_connected() {
    if (link_ != Link::connecting) return;
    link_ = Link::online;
    ++sessions_;
    backlog_.set_offline(false);
    if (!ports_.mqtt.subscribe(topics_.command.view(), 1)) lose_connection(true);
}

void Board::on_subscribed() {
    if (link_ != Link::online || subscribed_) return;
    subscribed_ = true;
    reconnect_.reset();
    health_.connected();
    next_heartbeat_ = 0;  // the birth message
    if (config_.on_trial()) trial_succeeded();
}

void Board::on_disconnected() {
    if (link_ != Link::waiting) lose_connection(false);
}

void Board::on_published(std::uint32_t token, bool accepted) {
    const std::uint64_t now = ports_.clock.monotonic_ms();
    if (publisher_.acknowledged(token, accepted)) {
        if (!accepted) pause_until_ = now + refused_pause_ms;
        pump(now);
        return;
    }
    CommandResult sent;
    if (!outbox_.settled(token, sent)) return;
    if (sent.state > ReportedState::running) ota_.reported(sent.id.view());
}

void Board::pump(std::uint64_t now) {
    if (link_ != Link::online || halted_) return;
    pump_status();
    if (now >= pause_until_) pump_telemetry(now);
}

void Board::pump_status() {
    if (!subscribed_) return;
    std::uint32_t token = 0;
    // The birth comes first: a service learns what runs here before it reads answers.
    if (heartbeat_due_ && send_status(nullptr, true, token)) heartbeat_due_ = false;
    for (const CommandResult* result = outbox_.next(); result != nullptr; result = outbox_.next()) {
        if (!send_status(result, false, token)) return;
        outbox_.sent(token);
    }
}

bool Board::send_status(const CommandResult* result, bool retain, std::uint32_t& token) {
    ++status_seq_;
    JsonWriter out(payload_);
    write_status(out, identity_, status_head(), diagnostics(ports_.clock.monotonic_ms()), result);
    PublishRequest request;
    request.topic = topics_.status.view();
    request.payload = out.view();
    request.qos = 2;
    request.retain = retain;
    if (result != nullptr) request.correlation = {result->correlation.bytes.data(), result->correlation.size};
    const Result<std::uint32_t> published =
        out.good() ? ports_.mqtt.publish(request) : Result<std::uint32_t>(Err::no_space);
    token = published.value();
    if (!published) --status_seq_;
    return published.ok();
}

void Board::pump_telemetry(std::uint64_t now) {
    for (Result<std::size_t> next = publisher_.next(); next.ok(); next = publisher_.next()) {
        if (!send_record(next.value(), now)) return;
    }
}

bool Board::send_record(std::size_t index, std::uint64_t now) {
    const Result<RecordBytes> bytes = backlog_.read(index);
    const Result<Record> record = bytes.ok() ? decode(bytes.value()) : Result<Record>(bytes.error());
    if (!record) {
        publisher_.discard(index);
        return true;
    }
    const Record& r = record.value();
    const bool estimated_here = !r.time_valid && r.boot_id == boot_id_;
    JsonWriter out(payload_);
    write_telemetry(out, r, identity_, estimated_here ? time_.corrected(r.time_ms) : r.time_ms);
    const Result<std::uint32_t> token = ports_.mqtt.publish({topics_.telemetry.view(), out.view(), 1, false, {}});
    if (!token) return false;
    publisher_.sent(index, token.value(), now);
    return true;
}

void Board::watch_acknowledgements(std::uint64_t now) {
    const std::uint64_t sent = publisher_.oldest_sent_ms();
    if (sent == 0 || now < sent + ack_slow_ms) return;
    backlog_.persist();
    if (now >= sent + ack_dead_ms) lose_connection(true);
}

Diagnostics Board::diagnostics(std::uint64_t now) {
    Diagnostics d;
    d.heap = ports_.system.heap();
    d.reset_reason = ports_.system.reset_reason();
    d.wifi_reconnects = ports_.network.reconnects();
    d.mqtt_reconnects = sessions_ > 0 ? sessions_ - 1 : 0;
    d.uptime_s = now / 1000;
    d.rssi = ports_.network.rssi();
    d.backlog = static_cast<std::uint32_t>(backlog_.size());
    d.dropped = backlog_.dropped();
    d.backlog_in_flash = backlog_.flash_ok();
    d.time_synced = time_.synced();
    d.unhealthy_boots = guard_.unhealthy_boots();
    d.safe_mode = guard_.safe_mode();
    HealthFacts facts;
    facts.safe_mode = d.safe_mode;
    facts.backlog_in_flash = d.backlog_in_flash;
    facts.time_synced = d.time_synced;
    facts.sensors_good = !sampled_ || any_good(reading_);
    facts.dropped = d.dropped;
    facts.largest_block = d.heap.largest_block;
    d.health = Health::word(facts);
    return d;
}

StatusHead Board::status_head() const {
    const StoredConfig& active = config_.active();
    return {time_.now_ms(), boot_id_, status_seq_, active.revision, active.hash.view()};
}

}  // namespace egiz
