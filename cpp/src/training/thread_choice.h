// One thread or many, by the clock.
//
// Threads that share a minibatch wait for one another several times. On cores that other work keeps
// busy each wait may last a time slice, and many threads are then slower than one, by ten times and
// more. Results do not depend on the number of threads, so training is free to try.
#pragma once

namespace skrnn {

class ThreadChoice {
 public:
  // How many threads the next minibatch gets, of at most `most`.
  int next(int most) {
    many_ = most;
    if (most == 1) return 1;
    const bool looks_again = ++count_ % kEvery == 0;
    bool single = (cost_[0] < cost_[1]) != looks_again;
    if (cost_[0] == 0) single = true;
    if (cost_[1] == 0) single = false;
    arm_ = single ? 0 : 1;
    return single ? 1 : most;
  }

  // What that minibatch took, for so much work.
  void record(double seconds, double work) {
    if (many_ == 1 || work <= 0) return;
    double& cost = cost_[arm_];
    const double now = seconds / work;
    // Quick to believe that it got better, slow to believe that it got worse.
    cost = cost == 0 || now < cost ? now : cost + kAdapts * (now - cost);
  }

 private:
  static constexpr int kEvery = 64;  // minibatches between looks at the other choice
  static constexpr double kAdapts = 0.2;

  int many_ = 1;
  int count_ = 0;
  int arm_ = 1;
  double cost_[2] = {0, 0};  // seconds a unit of work, on one thread and on many; 0 for not known
};

}  // namespace skrnn
