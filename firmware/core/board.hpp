// A board: the one object an adapter creates. It owns all buffers; nothing is allocated after construction.
//
// The adapter calls start() once, then tick() in a loop (at the latest when the returned time has come) and hands in
// MQTT events, all from one task.
#pragma once

#include <array>
#include <cstdint>

#include "backlog.hpp"
#include "backoff.hpp"
#include "boot_guard.hpp"
#include "command.hpp"
#include "command_log.hpp"
#include "config_store.hpp"
#include "health.hpp"
#include "identity.hpp"
#include "ota_machine.hpp"
#include "payloads.hpp"
#include "ports.hpp"
#include "publisher.hpp"
#include "status_outbox.hpp"
#include "time_model.hpp"

namespace egiz {

class Board final : public MqttEvents {
  public:
    Board(const Ports& ports, const BoardIdentity& identity);
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    // bad_argument: the identity cannot form topics. A board that cannot use its flash starts all the same.
    Status start();
    // Does everything that is due; returns the monotonic time of the next thing to do.
    std::uint64_t tick();
    // Orderly end: everything undelivered goes to flash, the broker sends the will.
    void shutdown();
    // True after a restart was asked for: on a host the restart is a new Board.
    [[nodiscard]] bool halted() const { return halted_; }

    void on_connected() override;
    void on_disconnected() override;
    void on_subscribed() override;
    void on_published(std::uint32_t token, bool accepted) override;
    void on_message(const InboundMessage& message) override;

    [[nodiscard]] std::uint32_t boot_id() const { return boot_id_; }
    [[nodiscard]] const Topics& topics() const { return topics_; }
    [[nodiscard]] const Backlog& backlog() const { return backlog_; }
    [[nodiscard]] const Publisher& publisher() const { return publisher_; }
    [[nodiscard]] const ConfigStore& config() const { return config_; }
    [[nodiscard]] const OtaMachine& ota() const { return ota_; }
    [[nodiscard]] bool safe_mode() const { return guard_.safe_mode(); }
    [[nodiscard]] bool online() const { return link_ == Link::online; }

  private:
    enum class Link : std::uint8_t { waiting, connecting, online };

    // board_session.cpp
    void session_step(std::uint64_t now);
    void try_connect(std::uint64_t now);
    void lose_connection(bool close);
    void pump(std::uint64_t now);
    void pump_status();
    void pump_telemetry(std::uint64_t now);
    bool send_record(std::size_t index, std::uint64_t now);
    bool send_status(const CommandResult* result, bool retain, std::uint32_t& token);
    void watch_acknowledgements(std::uint64_t now);
    [[nodiscard]] Diagnostics diagnostics(std::uint64_t now);
    [[nodiscard]] StatusHead status_head() const;

    // board_telemetry.cpp
    void telemetry_step(std::uint64_t now);
    void record_sample(std::uint64_t now);
    [[nodiscard]] bool changed_at_once() const;

    // board_commands.cpp
    void dispatch(const JsonDocument& document, const Command& command, const ErrorList& errors, Bytes correlation);
    void run_identify(const JsonDocument& document, CommandResult& answer);
    void run_reboot(const JsonDocument& document, CommandResult& answer, std::uint64_t now);
    void run_factory_reset(const JsonDocument& document, CommandResult& answer, std::uint64_t now);
    void run_log_level(const JsonDocument& document, CommandResult& answer, std::uint64_t now);
    void run_ota(const JsonDocument& document, CommandResult& answer);
    Code accept_update(const JsonDocument& document, CommandResult& answer);
    void settle(CommandResult& answer, ReportedState state, Code code, std::string_view message);

    // board_config.cpp
    void run_config(const JsonDocument& document, CommandResult& answer, std::uint64_t now);
    bool check_config(const JsonDocument& document, CommandResult& answer, StoredConfig& wanted);
    bool in_order(const StoredConfig& wanted, CommandResult& answer);
    void apply_config(const StoredConfig& wanted, CommandResult& answer, std::uint64_t now);
    void activate_settings();
    void trial_step(std::uint64_t now);
    void trial_succeeded();
    void trial_ended(ReportedState state, Code code, std::string_view message);

    // board.cpp
    void ota_step(std::uint64_t now);
    void restart_step(std::uint64_t now);
    void restart();
    void schedule_restart(std::uint64_t at) { restart_at_ = at == 0 ? 1 : at; }
    void wipe();
    [[nodiscard]] std::uint64_t next_wake(std::uint64_t now) const;

    static constexpr std::size_t token_pool = 192;
    static constexpr std::size_t payload_size = 2304;

    Ports ports_;
    BoardIdentity identity_;
    Topics topics_{};
    BootGuard guard_;
    TimeModel time_;
    Backlog backlog_;
    Publisher publisher_;
    ConfigStore config_;
    CommandLog log_;
    StatusOutbox outbox_{};
    OtaMachine ota_;
    // A broker that restarts has everybody back within ten seconds (ceilings of 1, 2, 4, 8 s, then 8 s for about a
    // minute); one that stays away is asked ever more rarely, up to a minute apart.
    Backoff reconnect_{1000, 60'000, 3, 15};
    Health health_{};

    std::array<JsonToken, token_pool> tokens_{};
    std::array<char, payload_size> payload_{};
    std::array<char, 512> will_{};
    std::size_t will_size_ = 0;

    Reading reading_{};
    Reading published_{};
    std::uint32_t boot_id_ = 0;
    std::uint32_t telemetry_seq_ = 0;
    std::uint32_t status_seq_ = 0;
    std::uint32_t sessions_ = 0;

    Link link_ = Link::waiting;
    bool subscribed_ = false;
    bool sampled_ = false;
    bool heartbeat_due_ = false;
    bool wipe_before_restart_ = false;
    bool reconnect_due_ = false;   // the configured broker changed
    bool halted_ = false;
    std::uint64_t network_since_ = 0;
    std::uint64_t link_deadline_ = 0;
    std::uint64_t retry_at_ = 0;
    std::uint64_t next_sample_ = 0;
    std::uint64_t next_publish_ = 0;
    std::uint64_t next_heartbeat_ = 0;
    std::uint64_t pause_until_ = 0;
    std::uint64_t trial_deadline_ = 0;
    std::uint64_t restart_at_ = 0;
    std::uint64_t log_level_until_ = 0;
    std::uint64_t reset_token_until_ = 0;
    FixedString<16> reset_token_;
};

}  // namespace egiz
