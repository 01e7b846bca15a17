// Stands in the document under the first sight of a group buy: starts the app in slices, so that the phone can paint and answer in between,
// and keeps what the person does meanwhile: a tap counts at once where it can, and the app does the rest when it takes over.
;(function () {
  var boot = document.getElementById('boot')
  var app = document.getElementById('app')
  var all = boot.querySelector('.boot-all')
  var taps = []
  var SEEN_MS = 1000
  var WAIT_MS = 4000
  var LAST_MS = 20000

  function turn() {
    return new Promise(function (resolve) {
      var channel = new MessageChannel()
      channel.port1.onmessage = function () {
        channel.port1.close()
        resolve()
      }
      channel.port2.postMessage(0)
    })
  }

  function pause(ms) {
    return new Promise(function (resolve) {
      setTimeout(resolve, ms)
    })
  }

  // What is on screen comes before what is behind it: the cover, if it comes soon. On a line where it does not, the modules are not there
  // either, so nothing is lost by waiting. A page opened in the background paints nothing.
  function seen() {
    if (document.hidden) return turn()
    var cover = boot.querySelector('.g-head__pic')
    var there = cover ? cover.decode().catch(function () {}) : Promise.resolve()
    var frame = there.then(function () {
      return new Promise(requestAnimationFrame)
    })
    return Promise.race([frame.then(turn), pause(SEEN_MS)])
  }

  function parsed() {
    if (document.readyState !== 'loading') return null
    return new Promise(function (resolve) {
      document.addEventListener('DOMContentLoaded', resolve)
    })
  }

  function sheet(link) {
    if (link.sheet) return null
    return new Promise(function (resolve) {
      link.onload = link.onerror = resolve
    })
  }

  function stored(key) {
    try {
      return JSON.parse(localStorage.getItem('yt.' + key)).data
    } catch (error) {
      return undefined
    }
  }

  // A cart kept on this phone is shown as it is, never as empty.
  var cart = (stored('carts') || {})[boot.dataset.code] || {}

  function count(step, by) {
    var number = step.querySelector('.yt-step__num')
    var most = Number(step.dataset.most)
    var least = Number(step.dataset.least) || 1
    var now = Math.max(0, Math.min(most, Number(number.textContent) + by))
    // Offers that begin with several pieces jump over what they don't sell.
    if (now < least) now = by > 0 && most >= least ? least : 0
    number.textContent = String(now)
    step.firstElementChild.classList.toggle('yt-step__tap--off', now === 0)
    step.lastElementChild.classList.toggle('yt-step__tap--off', now === most)
  }

  function sum() {
    var some = Array.prototype.some.call(boot.querySelectorAll('.yt-step__num'), function (number) {
      return number.textContent !== '0'
    })
    some = some || Object.keys(cart).length > 0
    boot.classList.toggle('boot-chosen', some)
    var pay = boot.querySelector('[data-tap=checkout]')
    if (!pay) return
    pay.classList.toggle('yt-btn--off', !some)
    pay.tabIndex = some ? 0 : -1
    pay.setAttribute('aria-disabled', String(!some))
  }

  function tapped(event) {
    if (event.type === 'keydown' && event.key !== 'Enter' && event.key !== ' ') return
    var again = event.target.closest('[data-again]')
    if (again) location.reload()
    var element = event.target.closest('[data-tap]')
    if (!element || (event.type === 'keydown' && element.getAttribute('role') !== 'button')) return
    if (event.type === 'keydown') event.preventDefault()
    if (element.getAttribute('aria-disabled') === 'true') return
    taps.push(element.dataset.tap)
    if (element.dataset.step) {
      count(element.parentElement, Number(element.dataset.step) * (Number(element.parentElement.dataset.unit) || 1))
      sum()
    } else element.classList.add('boot-wait')
  }

  function find(tap) {
    return app.querySelector(
      tap
        .split(' ')
        .map(function (id) {
          return '[data-testid="' + id + '"]'
        })
        .join(' '),
    )
  }

  // One after the other, each when the app has drawn what the one before changed.
  function replay() {
    var tap = taps.shift()
    if (!tap) return
    var end = Date.now() + WAIT_MS
    ;(function seek() {
      var element = find(tap)
      if (element) {
        element.click()
        pause(30).then(replay)
      } else if (Date.now() < end) pause(30).then(seek)
    })()
  }

  function finish() {
    if (!boot.parentNode) return
    watch.disconnect()
    clearInterval(clock)
    document.removeEventListener('keydown', tapped)
    var held = document.activeElement && boot.contains(document.activeElement) && document.activeElement.dataset.tap
    app.removeAttribute('aria-hidden')
    if (all.scrollTop) scrollTo(0, all.scrollTop)
    boot.remove()
    if (held && find(held)) find(held).focus()
    replay()
  }

  function trouble() {
    boot.querySelector('.boot-trouble').hidden = false
  }

  var watch = new MutationObserver(function () {
    if (app.querySelector('[data-ready]')) finish()
  })
  watch.observe(app, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-ready'] })
  app.setAttribute('aria-hidden', 'true')

  var running = boot.querySelector('[data-left]')
  var began = Date.now()
  function tick() {
    var left = Math.max(0, Number(running.dataset.left) - Math.floor((Date.now() - began) / 1000))
    var days = Math.floor(left / 86400)
    var clock = [Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60].map(function (part) {
      return (part < 10 ? '0' : '') + part
    })
    running.lastElementChild.textContent = (days ? days + running.dataset.day + ' ' : '') + clock.join(':')
  }
  var clock = running ? setInterval(tick, 1000) : 0

  boot.addEventListener('click', tapped)
  document.addEventListener('keydown', tapped)
  Array.prototype.forEach.call(boot.querySelectorAll('.yt-step'), function (step) {
    count(step, cart[step.dataset.offer] || 0)
  })
  sum()

  var files = JSON.parse(document.getElementById('yt-start').textContent)
  var last = files.pop()
  files
    .reduce(function (before, file) {
      return before.then(turn).then(function () {
        return import(file)
      })
    }, seen())
    .then(parsed)
    .then(function () {
      // The app must not be seen before its sheets are there.
      return Promise.all(Array.prototype.map.call(document.querySelectorAll('link[rel=stylesheet]'), sheet))
    })
    .then(turn)
    .then(function () {
      return import(last)
    })
    .then(function () {
      // Whatever went wrong after the start, the app says it better than a picture of it.
      setTimeout(finish, LAST_MS)
    }, trouble)
})()
