from yantuan.cli import main

raise SystemExit(main())
