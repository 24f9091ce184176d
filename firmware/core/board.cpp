#include "board.hpp"

#include <algorithm>

namespace egiz {
namespace {
// How long answers may take to leave before a restart happens anyway.
constexpr std::uint64_t restart_grace_ms = 5000;
// While bytes move (download, window), the loop comes round this often.
constexpr std::uint64_t busy_tick_ms = 20;
constexpr std::uint64_t idle_tick_ms = 1000;
}  // namespace

Board::Board(const Ports& ports, const BoardIdentity& identity)
    : ports_(ports),
      identity_(identity),
      guard_(ports.system, ports.kv),
      time_(ports.clock, ports.kv, identity.build_ms),
      backlog_(ports.backlog_flash),
      publisher_(backlog_),
      config_(ports.kv, ports.sensors.kind()),
      log_(ports.kv),
      ota_(ports.ota, ports.download, ports.kv, ports.crypto, ports.random) {}

Status Board::start() {
    boot_id_ = guard_.arm();
    const Result<Topics> topics = make_topics(identity_);
    if (!topics) return topics.error();
    topics_ = topics.value();
    const std::uint64_t now = ports_.clock.monotonic_ms();
    time_.start();
    if (!backlog_.open()) ports_.system.log(LogLevel::error, "backlog partition unusable, keeping telemetry in RAM only");
    config_.load();
    log_.load();
    ota_.start(identity_.build, now, tokens_);
    if (config_.on_trial()) {
        trial_deadline_ = now + std::uint64_t{config_.active().settings.confirm_timeout_s} * 1000;
        // A boot loop during a trial is reason enough to end it.
        if (guard_.safe_mode()) trial_ended(ReportedState::failed, Code::broker_unreachable, "boot loop during the trial");
    }
    activate_settings();
    if (guard_.safe_mode()) ports_.system.log(LogLevel::error, "safe mode: network, commands and updates only");
    next_sample_ = now;
    next_publish_ = now;
    return {};
}

std::uint64_t Board::tick() {
    if (halted_) return ports_.clock.monotonic_ms() + idle_tick_ms;
    const std::uint64_t now = ports_.clock.monotonic_ms();
    ports_.system.feed_watchdog();
    time_.tick();
    guard_.tick(now, link_ == Link::online && subscribed_);
    session_step(now);
    telemetry_step(now);
    trial_step(now);
    ota_step(now);
    if (log_level_until_ != 0 && now >= log_level_until_) {
        log_level_until_ = 0;
        ports_.system.set_log_level(config_.active().settings.log_level);
    }
    pump(now);
    restart_step(now);
    return next_wake(now);
}

void Board::ota_step(std::uint64_t now) {
    OtaFacts facts;
    facts.now_ms = now;
    facts.network_up = ports_.network.up();
    facts.connected = link_ == Link::online && subscribed_;
    facts.telemetry_acked = publisher_.acknowledged_total() > 0;
    facts.sensors_probed = sampled_;
    ota_.tick(facts);
    CommandResult report;
    if (ota_.take_report(report)) {
        if (report.state > ReportedState::running) (void)log_.remember(report);
        outbox_.add(report);
    }
    if ((ota_.restart_wanted() || health_.restart_wanted()) && restart_at_ == 0) schedule_restart(now);
}

void Board::restart_step(std::uint64_t now) {
    if (restart_at_ == 0 || now < restart_at_) return;
    // The answer goes out first, but a broker that is away does not hold a restart up for long.
    if (outbox_.size() > 0 && now < restart_at_ + restart_grace_ms) return;
    restart();
}

void Board::shutdown() {
    backlog_.persist();
    backlog_.sync();
    time_.store();
    guard_.orderly_restart();
    // Not a clean disconnect: the will tells everybody that the board is gone.
    ports_.mqtt.disconnect(false);
    halted_ = true;
}

void Board::restart() {
    shutdown();
    if (wipe_before_restart_) wipe();
    ports_.system.restart();
}

void Board::wipe() {
    (void)ports_.kv.erase_all();
    for (std::size_t sector = 0; sector < ports_.backlog_flash.sector_count(); ++sector) {
        ports_.system.feed_watchdog();
        (void)ports_.backlog_flash.erase(sector);
    }
}

std::uint64_t Board::next_wake(std::uint64_t now) const {
    if (ota_.busy() || restart_at_ != 0) return now + busy_tick_ms;
    std::uint64_t next = now + idle_tick_ms;
    if (!guard_.safe_mode()) next = std::min(next, next_sample_);
    if (link_ == Link::waiting && ports_.network.up()) next = std::min(next, std::max(retry_at_, now + busy_tick_ms));
    if (link_ == Link::online) next = std::min(next, next_heartbeat_);
    return std::max(next, now + 1);
}

}  // namespace egiz
