// A board on a bench: every port is a model of the real thing under the test's control. Time moves only when told.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "board.hpp"
#include "nor_flash.hpp"

namespace egiz::test {

class BenchClock final : public Clock {
  public:
    std::uint64_t now = 0;
    bool synced = true;
    std::uint64_t utc_at_zero = 1'795'000'000'000;  // November 2026
    std::uint64_t monotonic_ms() override { return now; }
    Result<std::uint64_t> utc_ms() override {
        return synced ? Result<std::uint64_t>(utc_at_zero + now) : Result<std::uint64_t>(Err::not_found);
    }
};

class BenchRandom final : public Random {
  public:
    std::uint32_t state = 42;
    void fill(MutableBytes out) override {
        for (auto& byte : out) {
            state = state * 1664525U + 1013904223U;
            byte = static_cast<std::uint8_t>(state >> 24);
        }
    }
};

// Power can be cut at any write; every later write of the same life fails, as it never happens.
class BenchKv final : public KeyValue {
  public:
    std::map<std::string, std::vector<std::uint8_t>> values;
    std::uint64_t writes = 0;
    std::uint64_t cut_at = UINT64_MAX;
    bool failing = false;

    [[nodiscard]] bool powered() const { return writes < cut_at; }
    Result<std::size_t> get(std::string_view key, MutableBytes out) override {
        const auto it = values.find(std::string(key));
        if (it == values.end()) return Err::not_found;
        if (it->second.size() > out.size()) return Err::no_space;
        std::copy(it->second.begin(), it->second.end(), out.begin());
        return it->second.size();
    }
    Status put(std::string_view key, Bytes value) override {
        if (failing || !write()) return Err::io;
        values[std::string(key)].assign(value.begin(), value.end());
        return {};
    }
    Status erase(std::string_view key) override {
        if (failing || !write()) return Err::io;
        values.erase(std::string(key));
        return {};
    }
    Status erase_all() override {
        if (failing || !write()) return Err::io;
        values.clear();
        return {};
    }

  private:
    bool write() {
        if (!powered()) return false;
        ++writes;
        return powered();
    }
};

class BenchNetwork final : public Network {
  public:
    bool is_up = true;
    bool up() override { return is_up; }
    std::int8_t rssi() override { return -60; }
    std::uint32_t reconnects() override { return 0; }
};

struct Published {
    std::uint32_t token;
    std::string topic;
    std::string payload;
    std::uint8_t qos;
    bool retain;
    std::vector<std::uint8_t> correlation;
};

// The session as the core sees it. The bench decides when the broker answers.
class BenchMqtt final : public MqttTransport {
  public:
    std::vector<std::string> hosts;       // one entry per connect
    std::string will;
    std::deque<Published> unacknowledged;
    std::string subscribed;
    std::size_t disconnects = 0;
    std::uint16_t receive_maximum = 0;
    std::size_t most_in_flight = 0;
    bool wants_connect = false;
    bool refuse_connect = false;

    Status connect(const ConnectRequest& request) override {
        hosts.emplace_back(request.host);
        will = std::string(request.will.payload);
        receive_maximum = request.receive_maximum;
        if (refuse_connect) return Err::io;
        wants_connect = true;
        return {};
    }
    void disconnect(bool) override {
        ++disconnects;
        unacknowledged.clear();
        wants_connect = false;
    }
    Status subscribe(std::string_view topic, std::uint8_t) override {
        subscribed = std::string(topic);
        return {};
    }
    Result<std::uint32_t> publish(const PublishRequest& request) override {
        unacknowledged.push_back({++last_token_, std::string(request.topic), std::string(request.payload), request.qos,
                                  request.retain, {request.correlation.begin(), request.correlation.end()}});
        most_in_flight = std::max(most_in_flight, unacknowledged.size());
        return last_token_;
    }

  private:
    std::uint32_t last_token_ = 0;
};

// Two slots in memory with the boot loader's rules.
class BenchSlots final : public OtaSlots {
  public:
    std::vector<std::uint8_t> inactive;
    BootState state = BootState::confirmed;
    bool activated = false;
    bool rolled_back = false;
    bool failing = false;
    std::size_t begins = 0;
    std::size_t resumed_at = 0;
    const BenchKv* power = nullptr;  // slots and keys lose power together

    BootState boot_state() override { return state; }
    std::size_t slot_size() override { return 1024 * 1024; }
    Status begin(std::size_t size) override {
        if (failing || off()) return Err::io;
        ++begins;
        inactive.assign(size, 0xFF);
        return {};
    }
    Status resume(std::size_t offset) override {
        resumed_at = offset;
        return offset <= inactive.size() ? Status() : Status(Err::bad_argument);
    }
    Status write(std::size_t offset, Bytes data) override {
        if (failing || off() || offset + data.size() > inactive.size()) return Err::io;
        std::copy(data.begin(), data.end(), inactive.begin() + static_cast<std::ptrdiff_t>(offset));
        return {};
    }
    Status read(std::size_t offset, MutableBytes out) override {
        if (offset + out.size() > inactive.size()) return Err::bad_argument;
        std::copy_n(inactive.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        return {};
    }
    Status activate() override {
        if (off()) return Err::io;
        activated = true;
        return {};
    }
    Status confirm() override {
        if (off()) return Err::io;
        state = BootState::confirmed;
        return {};
    }
    void roll_back() override { rolled_back = true; }
    void abandon() override {
        if (!off()) inactive.clear();
    }

  private:
    [[nodiscard]] bool off() const { return power != nullptr && !power->powered(); }
};

// An HTTPS server's file, delivered in pieces, breaking off where the test says.
class BenchDownload final : public Download {
  public:
    std::vector<std::uint8_t> file;
    std::size_t piece = 1500;
    std::size_t break_at = SIZE_MAX;
    std::vector<std::size_t> opened_at;
    bool reachable = true;

    Status open(std::string_view, std::size_t offset) override {
        if (!reachable) return Err::not_connected;
        opened_at.push_back(offset);
        at_ = offset;
        return {};
    }
    Result<std::size_t> poll(MutableBytes out) override {
        if (at_ >= break_at) {
            break_at = SIZE_MAX;
            return Err::io;
        }
        if (at_ >= file.size()) return Err::not_found;
        const std::size_t n = std::min({piece, out.size(), file.size() - at_});
        std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
        at_ += n;
        return n;
    }
    void close() override {}

  private:
    std::size_t at_ = 0;
};

class BenchSystem final : public System {
  public:
    std::uint32_t crashes = 0;
    std::uint32_t restarts = 0;
    std::uint32_t identified_s = 0;
    LogLevel level = LogLevel::none;
    ResetReason reset_reason() override { return ResetReason::power_on; }
    HeapInfo memory{150'000, 120'000, 90'000};
    HeapInfo heap() override { return memory; }
    void feed_watchdog() override {}
    void restart() override { ++restarts; }
    void identify(std::uint32_t seconds) override { identified_s = seconds; }
    void set_log_level(LogLevel l) override { level = l; }
    void log(LogLevel, std::string_view) override {}
    std::uint32_t crash_count() override { return crashes; }
    void set_crash_count(std::uint32_t n) override { crashes = n; }
};

class BenchSensors final : public SensorSource {
  public:
    SensorKind what = SensorKind::electrical;
    Reading next{};
    std::uint32_t samples = 0;
    std::uint8_t window = 0;
    SensorKind kind() override { return what; }
    void sample(std::uint64_t, Reading& out) override {
        ++samples;
        out = next;
    }
    void configure(std::uint8_t filter_window) override { window = filter_window; }
};

}  // namespace egiz::test
