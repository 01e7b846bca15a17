import { addWords } from './index'
import * as leader from './leader'

// The selling side's words are two thirds of all words, and a buyer on a slow line needs none of them. The build adds this module to every
// module that says a word of it (see vite-leader-words.ts), so they come with the first page that does.
addWords(leader)
